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
#include <time.h>
#include <unistd.h>

#include "jail.h"

enum { MAX_PUMPS = 512 };

static pid_t senders[MAX_PUMPS + 2]; /* those that carry what the program sends; 0: free */
static volatile sig_atomic_t ending;

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

static pid_t start_pump(int from, int to)
{
	pid_t pid = spawn_process(0, NULL);

	if (pid == 0) {
		die_with_parent(SIGKILL);
		pump(from, to);
	}
	return pid;
}

static void remember_sender(pid_t pid)
{
	for (size_t i = 0; pid > 0 && i < sizeof senders / sizeof *senders; i++)
		if (!senders[i]) {
			senders[i] = pid;
			return;
		}
}

/* Returns how many senders are left; pid 0 forgets none. */
static int forget_sender(pid_t pid)
{
	int left = 0;

	for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
		if (pid && senders[i] == pid)
			senders[i] = 0;
		left += senders[i] != 0;
	}
	return left;
}

static int serve(const struct relay *relay)
{
	int accepted = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC), dialled, started = 0;
	bool out = relay->direction == RELAY_OUT;
	pid_t pids[2];

	if (accepted < 0)
		return 0;
	dialled = dial(relay);
	if (dialled >= 0) {
		pids[0] = start_pump(accepted, dialled);
		pids[1] = start_pump(dialled, accepted);
		remember_sender(pids[out ? 0 : 1]);
		started = (pids[0] > 0) + (pids[1] > 0);
	}
	close(dialled);
	close(accepted);
	return started;
}

static int serve_ready(struct pollfd *polls)
{
	int started = 0;

	for (size_t i = 0; i < plan.nrelays; i++)
		if (polls[i].revents)
			started += serve(&plan.relays[i]);
	return started;
}

/* The program has gone. What it had sent by then still has to arrive, as it would without us. */
static _Noreturn void drain(struct pollfd *polls)
{
	pid_t gone;

	while (poll(polls, plan.nrelays, 0) > 0)
		serve_ready(polls);
	for (int left = forget_sender(0); left > 0 && (gone = waitpid(-1, NULL, 0)) > 0; left = forget_sender(gone))
		;
	_exit(0);
}

static void end(int number)
{
	ending = number;
}

static _Noreturn void relay_main(void)
{
	static const struct timespec second = { .tv_sec = 1 };
	struct pollfd polls[PLAN_MAX_RELAYS];
	struct sigaction action = { .sa_handler = end };
	sigset_t none, term;
	int pumps = 0;

	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_SETMASK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
	for (size_t i = 0; i < plan.nrelays; i++)
		polls[i] = (struct pollfd){ plan.relays[i].listener, POLLIN, 0 };
	for (;;) {
		pid_t gone;

		while (pumps > 0 && (gone = waitpid(-1, NULL, pumps < MAX_PUMPS ? WNOHANG : 0)) > 0) {
			forget_sender(gone);
			pumps--;
		}
		/* The signal that ends us can come here only. */
		if (ppoll(polls, plan.nrelays, pumps ? &second : NULL, &none) > 0)
			pumps += serve_ready(polls);
		if (ending)
			drain(polls);
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
