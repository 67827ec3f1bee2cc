/* SPDX-License-Identifier: MIT */
/*
 * namespace.c - user namespace and the others that hang on it.
 *
 * An ordinary user maps itself to itself. Root must not stay kuid 0, which owns
 * /proc/sys and every file of the host: it moves to an unprivileged kuid through
 * a user namespace made beforehand, and the paths it grants are mounted with
 * their ids mapped the same way (mount_setattr(2), ID-mapped mounts), so that
 * files there keep their owners as the program sees them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"

static const struct { int layer, flag; } kinds[] = {
	{ LAYER_MOUNT, CLONE_NEWNS }, { LAYER_IPC, CLONE_NEWIPC }, { LAYER_UTS, CLONE_NEWUTS },
};

static void write_map(const char *path, uint32_t inside, uint32_t outside, uint32_t count)
{
	char line[64];
	int error;

	snprintf(line, sizeof line, "%u %u %u\n", inside, outside, count);
	error = write_file(host_proc, path, line);
	if (error)
		fail(LAYER_USER, -error, "write", path);
}

static void write_maps(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "%d/uid_map", pid);
	write_map(path, plan.id.inside_uid, plan.id.outside_uid, plan.id.count);
	snprintf(path, sizeof path, "%d/gid_map", pid);
	write_map(path, plan.id.inside_gid, plan.id.outside_gid, plan.id.count);
}

/* A user namespace that nobody is in yet, held open by a descriptor. */
static int userns_create(void)
{
	char path[64];
	int ready[2], fd;
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0 || (pid = spawn_process(0, NULL)) < 0)
		fail(LAYER_USER, errno, "fork", "");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = unshare(CLONE_NEWUSER) < 0 ? (char)errno : 0;
		if (write(ready[1], &byte, 1) == 1 && !byte)
			pause();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1 || byte)
		fail(LAYER_USER, byte, "unshare", "user namespace");
	write_maps(pid);
	snprintf(path, sizeof path, "%d/ns/user", pid);
	fd = openat(host_proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(LAYER_USER, errno, "open", path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return fd;
}

static void enter_as_root(void)
{
	int userns = userns_create();

	mounts_open(userns); /* while the sources can still be reached, and ids mapped */
	if (setgroups(0, NULL) < 0 || setns(userns, CLONE_NEWUSER) < 0)
		fail(LAYER_USER, errno, "setns", "user namespace");
	if (setresgid(plan.id.inside_gid, plan.id.inside_gid, plan.id.inside_gid) < 0 ||
	    setresuid(plan.id.inside_uid, plan.id.inside_uid, plan.id.inside_uid) < 0)
		fail(LAYER_USER, errno, "setresuid", "");
	close(userns);
}

static void enter_as_user(void)
{
	int error;

	if (unshare(CLONE_NEWUSER) < 0)
		fail(LAYER_USER, errno, "unshare", "user namespace");
	error = write_file(host_proc, "self/setgroups", "deny");
	if (error)
		fail(LAYER_USER, -error, "write", "setgroups");
	write_maps(getpid());
}

void namespaces_enter(void)
{
	bool root = plan.id.outside_uid != getuid();
	int flags = 0;

	if (plan.layers & LAYER_USER) {
		if (root)
			enter_as_root();
		else
			enter_as_user();
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (plan.layers & (uint32_t)kinds[i].layer)
			flags |= kinds[i].flag;
	if (flags && unshare(flags) < 0)
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) /* which one was it? */
			if (flags & kinds[i].flag && unshare(kinds[i].flag) < 0)
				fail(kinds[i].layer, errno, "unshare", "");
	if ((plan.layers & LAYER_MOUNT) && !(root && (plan.layers & LAYER_USER)))
		mounts_open(-1);
	if ((plan.layers & LAYER_UTS) && plan.hostname && sethostname(plan.hostname, __builtin_strlen(plan.hostname)) < 0)
		fail(LAYER_UTS, errno, "sethostname", plan.hostname);
}
