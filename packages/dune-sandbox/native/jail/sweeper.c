/* SPDX-License-Identifier: MIT */
/*
 * sweeper.c - removes what a run has outside of itself, its cgroups and the
 * relays' directory, when helper and caller have been killed: they cannot do it
 * any more. It is a process in a session of its own, keeps the caller's rights,
 * as removing takes them, and does nothing but wait and remove. After an orderly
 * end the caller, who still wants to read the cgroups, removes them itself.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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
	ssize_t dismissed;
	char byte;

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (int fd = 0; fd <= JAIL_FD; fd++)
		close(fd);
	while ((dismissed = read(alive, &byte, 1)) < 0 && errno == EINTR)
		;
	if (dismissed == 1)
		_exit(0);
	for (size_t i = 0; i < plan.ncgroups; i++)
		remove_cgroup(plan.cgroups[i]);
	if (plan.relaydir)
		remove_relays();
	_exit(0);
}

static int held = -1; /* end of file on the other side is the helper's end: nobody else keeps this one */

void sweeper_start(void)
{
	int alive[2];
	pid_t pid;

	if (!plan.ncgroups && !plan.relaydir)
		return;
	if (pipe2(alive, O_CLOEXEC) < 0 || (pid = spawn_process(0, NULL)) < 0)
		fail(NO_LAYER, errno, "fork", "sweeper");
	if (!pid) {
		close(alive[1]);
		sweep(alive[0]);
	}
	close(alive[0]);
	held = alive[1];
}

void sweeper_dismiss(void)
{
	if (held >= 0 && write(held, "", 1) < 0)
		return; /* it has been killed */
}
