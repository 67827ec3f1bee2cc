/* SPDX-License-Identifier: MIT */
/*
 * relay.c - carries connections between the jail's network namespace and unix
 * sockets that the caller owns. It knows no destination: the caller dials, and
 * decides whom.
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
		die_with_parent(SIGKILL);
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

static _Noreturn void relay_main(void)
{
	struct pollfd polls[PLAN_MAX_RELAYS];
	int pumps = 0;

	for (size_t i = 0; i < plan.nrelays; i++)
		polls[i] = (struct pollfd){ plan.relays[i].listener, POLLIN, 0 };
	for (;;) {
		while (pumps > 0 && waitpid(-1, NULL, pumps < MAX_PUMPS ? WNOHANG : 0) > 0)
			pumps--;
		if (poll(polls, plan.nrelays, pumps ? 1000 : -1) < 0)
			continue;
		for (size_t i = 0; i < plan.nrelays; i++)
			if (polls[i].revents)
				pumps += serve(&plan.relays[i]);
	}
}

static void close_unused(void)
{
	for (int fd = 0; fd <= JAIL_FD; fd++)
		close(fd);
	close(host_proc);
	close(resolver_socket);
}

pid_t relay_start(void)
{
	pid_t pid = spawn_process(0, NULL);
	if (pid < 0)
		fail(LAYER_NET, errno, "fork", "relay");
	if (pid == 0) {
		drop_capabilities();
		die_with_parent(SIGKILL);
		close_unused();
		relay_main();
	}
	for (size_t i = 0; i < plan.nrelays; i++)
		close(plan.relays[i].listener);
	return pid;
}
