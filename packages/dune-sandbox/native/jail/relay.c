/* SPDX-License-Identifier: MIT */
/*
 * relay.c - carries connections between the jail's network namespace and unix
 * sockets that the caller owns. It knows no destination: the caller dials, and
 * decides whom. It also answers name lookups (resolver.c), so that a name the
 * policy does not allow fails at once and can be reported.
 *
 * Two processes per connection, one a direction: nothing shared, nothing to
 * deadlock, and a stuck peer stalls only itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"

enum { MAX_PUMPS = 512 };

static int dial(const struct relay *relay)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(relay->port) };
	bool out = relay->direction == RELAY_OUT;
	int fd = socket(out ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(un.sun_path, relay->name, sizeof un.sun_path - 1);
	memcpy(&in.sin_addr, relay->address, 4);
	if (connect(fd, out ? (struct sockaddr *)&un : (struct sockaddr *)&in, out ? sizeof un : sizeof in) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static _Noreturn void pump(int from, int to)
{
	static char buffer[65536];
	ssize_t length, done, n;

	while ((length = read(from, buffer, sizeof buffer)) > 0)
		for (done = 0; done < length; done += n)
			if ((n = send(to, buffer + done, (size_t)(length - done), MSG_NOSIGNAL)) < 0)
				goto out;
out:
	shutdown(to, SHUT_WR);
	shutdown(from, SHUT_RD);
	_exit(0);
}

static int start_pump(int from, int to)
{
	pid_t pid = spawn_process(0, NULL);

	if (pid == 0) {
		die_with_parent();
		pump(from, to);
	}
	return pid > 0;
}

static int serve(const struct relay *relay)
{
	int inner = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC), outer, started = 0;

	if (inner < 0)
		return 0;
	outer = dial(relay);
	if (outer >= 0)
		started = start_pump(inner, outer) + start_pump(outer, inner);
	close(outer);
	close(inner);
	return started;
}

static int resolver_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) < 0)
		fail(LAYER_NET, errno, "bind", "resolver");
	return fd;
}

static void resolve(int fd)
{
	uint8_t packet[1500];
	char refused[256] = "";
	struct sockaddr_in peer;
	socklen_t length = sizeof peer;
	ssize_t size = recvfrom(fd, packet, 512, MSG_DONTWAIT, (struct sockaddr *)&peer, &length);

	if (size < 0)
		return;
	size = (ssize_t)resolver_answer(packet, (size_t)size, sizeof packet, refused, sizeof refused);
	if (*refused)
		report(REPORT_LOOKUP, 0, refused, strlen(refused) + 1);
	if (size)
		sendto(fd, packet, (size_t)size, MSG_DONTWAIT, (struct sockaddr *)&peer, length);
}

static _Noreturn void relay_main(int resolver)
{
	struct pollfd polls[PLAN_MAX_RELAYS + 1];
	int pumps = 0;

	polls[0] = (struct pollfd){ resolver, POLLIN, 0 };
	for (size_t i = 0; i < plan.nrelays; i++)
		polls[i + 1] = (struct pollfd){ plan.relays[i].listener, POLLIN, 0 };
	for (;;) {
		while (pumps > 0 && waitpid(-1, NULL, pumps < MAX_PUMPS ? WNOHANG : 0) > 0)
			pumps--;
		if (poll(polls, plan.nrelays + 1, pumps ? 1000 : -1) < 0)
			continue;
		if (polls[0].revents)
			resolve(resolver);
		for (size_t i = 0; i < plan.nrelays; i++)
			if (polls[i + 1].revents)
				pumps += serve(&plan.relays[i]);
	}
}

/* The program's descriptors and the cloned trees are not the relay's to hold open. */
static void close_unused(void)
{
	for (int fd = 0; fd < JAIL_FD; fd++)
		close(fd);
	for (size_t i = 0; i < plan.nmounts; i++)
		close(plan.mounts[i].tree);
	close(host_proc);
}

/* Returns the relay's pid, or 0 where there is no private network to relay into. */
pid_t relay_start(void)
{
	pid_t pid = 0;
	int resolver;

	if (!(plan.layers & LAYER_NET))
		return 0;
	resolver = resolver_open();
	pid = spawn_process(0, NULL);
	if (pid < 0)
		fail(LAYER_NET, errno, "fork", "relay");
	if (pid == 0) {
		drop_capabilities();
		die_with_parent();
		close_unused();
		relay_main(resolver);
	}
	close(resolver);
	for (size_t i = 0; i < plan.nrelays; i++)
		close(plan.relays[i].listener);
	return pid;
}
