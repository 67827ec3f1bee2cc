/* SPDX-License-Identifier: MIT */
/*
 * sweeper.c - removes what a run has outside of itself, its cgroups and the
 * relays' directory, when the helper ends: also after kill -9 of everybody else,
 * which is why it is a process, in a session of its own. It keeps the caller's
 * rights, as removing takes them, and does nothing but wait and remove.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jail.h"

enum { ATTEMPTS = 2000 }; /* of a millisecond: what is inside takes time to die */

static void remove_cgroup(const char *procs)
{
	static const struct timespec millisecond = { .tv_nsec = 1000000 };
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", procs) >= (int)sizeof path)
		return;
	*strrchr(path, '/') = 0;
	for (int i = 0; i < ATTEMPTS && rmdir(path) < 0 && errno == EBUSY; i++)
		nanosleep(&millisecond, NULL);
}

static void remove_relays(void)
{
	for (size_t i = 0; i < plan.nrelays; i++)
		unlinkat(relay_directory, plan.relays[i].name, 0);
	rmdir(plan.relaydir);
}

static _Noreturn void sweep(int alive)
{
	char byte;

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (int fd = 0; fd <= JAIL_FD; fd++)
		close(fd);
	while (read(alive, &byte, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < plan.ncgroups; i++)
		remove_cgroup(plan.cgroups[i]);
	if (plan.relaydir)
		remove_relays();
	_exit(0);
}

static int held = -1; /* end of file on the other side is the helper's end: nobody else keeps this one */
static pid_t sweeper;

void sweeper_start(void)
{
	int alive[2];

	if (!plan.ncgroups && !plan.relaydir)
		return;
	if (pipe2(alive, O_CLOEXEC) < 0 || (sweeper = spawn_process(0, NULL)) < 0)
		fail(NO_LAYER, errno, "fork", "sweeper");
	if (!sweeper) {
		close(alive[1]);
		sweep(alive[0]);
	}
	close(alive[0]);
	held = alive[1];
}

pid_t sweeper_pid(void)
{
	return sweeper;
}

/* Lets it remove everything, and waits until it has. */
void sweeper_finish(void)
{
	close(held);
	if (sweeper)
		waitpid(sweeper, NULL, __WALL);
}
