/* SPDX-License-Identifier: MIT */
/* reports.c - sends one report of every type through report.c, as the jail does; what arrives is printed as it is. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../jail/jail.h"

static void send_denials(void)
{
	struct report_denied denied = {
		.pid = 70001, .number = 257, .error = 13, .access = 1ull << 15, .access2 = 1ull << 2,
		.args = { 0, 1, 2, 3, 0x7fffffffffff, ~0ull },
	};
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };

	report_denied(&denied, "/srv/a\nb", "/srv/second");
	in.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7 */
	memcpy(denied.address, &in, sizeof in);
	denied.addrlen = sizeof in;
	report_denied(&denied, "", "");
}

static void send_change(uint16_t kind, uint64_t size, const char *path)
{
	char data[64];

	memcpy(data, &size, sizeof size);
	strcpy(data + sizeof size, path);
	report(REPORT_CHANGE, kind, data, sizeof size + strlen(path) + 1);
}

static void send_all(void)
{
	const uint32_t started[2] = { 70000, 6 };
	const uint64_t dropped = 12345;
	const struct report_exit exit = {
		.status = 0x0700, .tasks = 3, .wall_us = 1000001, .cpu_us = 900002, .memory = 5ull << 32, .written = 6ull << 32,
	};

	report(REPORT_STARTED, 0, started, sizeof started);
	send_denials();
	report(REPORT_LOOKUP, 0, "evil.example", sizeof "evil.example");
	for (uint16_t which = LIMIT_WALL; which <= LIMIT_TASKS; which++)
		report(REPORT_LIMIT, which, &(uint64_t){ 1000u + which }, sizeof(uint64_t));
	send_change(CHANGE_CREATED, 11, "/w/new");
	send_change(CHANGE_MODIFIED, 12, "/w/old");
	send_change(CHANGE_DELETED, 0, "/w/gone");
	send_change(CHANGE_REPLACED_DIR, 0, "/w/dir");
	report(REPORT_DROPPED, 0, &dropped, sizeof dropped);
	report(REPORT_STOPPED, 0, NULL, 0);
	report(REPORT_EXIT, 0, &exit, sizeof exit);
	report(REPORT_DONE, 0, NULL, 0);
}

int main(void)
{
	char bytes[4096];
	ssize_t length;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return 1;
	if (fork() == 0) {
		if (dup2(ends[0], JAIL_FD) < 0)
			return 1;
		send_all();
		fail(LAYER_LANDLOCK, 95, "landlock_restrict_self", "here");
	}
	close(ends[0]);
	while ((length = read(ends[1], bytes, sizeof bytes)) > 0)
		if (write(1, bytes, (size_t)length) != length)
			return 1;
	return 0;
}
