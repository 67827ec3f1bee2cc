/* SPDX-License-Identifier: MIT */
/* cgroup.c - join the cgroups that the caller made (cgroups(7)). */
#include <fcntl.h>
#include <unistd.h>

#include "jail.h"

static int procs[PLAN_MAX_CGROUPS];

/* Before privileges and mounts change: the kernel judges a write by who opened the file. */
void cgroups_open(void)
{
	for (size_t i = 0; i < plan.ncgroups; i++) {
		procs[i] = open(plan.cgroups[i], O_WRONLY | O_CLOEXEC);
		if (procs[i] < 0)
			fail(NO_LAYER, errno, "open", plan.cgroups[i]);
	}
}

void cgroups_join(void)
{
	for (size_t i = 0; i < plan.ncgroups; i++) {
		if (write(procs[i], "0", 1) < 0)
			fail(NO_LAYER, errno, "join", plan.cgroups[i]);
		close(procs[i]);
	}
}
