/* SPDX-License-Identifier: MIT */
/*
 * Outlive the run: leave processes behind that no parent and no terminal knows, in
 * every state that might be missed: daemons, one that ignores all signals, one
 * stopped, one whose first thread has exited, one traced, one that forks on and on
 * so as never to be found. (peers.md: unlimited threads; sandbox.md: descendants
 * can outlive the run.) This program cannot tell; the caller looks for processes
 * with its arguments (run=) and says ESCAPED. They end by themselves after 20 s.
 */
#include <pthread.h>
#include <sys/ptrace.h>
#include "escape.h"

enum { LIFETIME_S = 20 };

static void detach(void)
{
	setsid();
	if (fork() != 0)
		_exit(0);
	alarm(LIFETIME_S);
}

static void plain(void)
{
	detach();
	sleep(LIFETIME_S);
}

static void deaf(void)
{
	detach();
	for (int number = 1; number < NSIG; number++)
		if (number != SIGALRM)
			signal(number, SIG_IGN);
	sleep(LIFETIME_S);
}

static void silent(void)
{
	detach();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	sleep(LIFETIME_S);
}

static void stopped(void)
{
	detach();
	raise(SIGSTOP);
}

static void *stay(void *unused)
{
	sleep(LIFETIME_S);
	_exit(0);
	return unused;
}

static void headless(void)
{
	pthread_t thread;

	detach();
	pthread_create(&thread, NULL, stay, NULL);
	pthread_exit(NULL);
}

static void traced(void)
{
	pid_t pid;

	detach();
	pid = fork();
	if (pid == 0) {
		alarm(LIFETIME_S);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	sleep(LIFETIME_S);
}

static void hopping(void)
{
	detach();
	for (int i = 0; i < LIFETIME_S * 20; i++) {
		if (fork() != 0)
			_exit(0);
		usleep(50000);
	}
}

int main(int argc, char **argv)
{
	void (*const ways[])(void) = { plain, deaf, silent, stopped, headless, traced, hopping };

	(void)argc;
	begin(argv);
	need("run");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (fork() == 0) {
			ways[i]();
			_exit(0);
		}
	usleep(200000);
	refused("left seven daemons; the caller counts what is alive");
	return verdict();
}
