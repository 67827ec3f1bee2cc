/* SPDX-License-Identifier: MIT */
/*
 * A new namespace gives its creator every capability inside, and with it most of
 * the kernel's less tested code; entering an old one leads out directly.
 * (sandbox.md: EPERM for setns and CLONE_NEW*.) Each in its own child. Success:
 * unshare, clone, clone3 or setns does it.
 */
#include <linux/sched.h>
#include <sched.h>
#include "escape.h"

static const struct { const char *name; unsigned long flag; } kinds[] = {
	{ "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID },
	{ "net", CLONE_NEWNET }, { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", 0x80 /* CLONE_NEWTIME */ },
	{ "user and mount", CLONE_NEWUSER | CLONE_NEWNS },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };
static size_t kind;

static void by_unshare(void)
{
	char what[64];

	snprintf(what, sizeof(what), "unshare %s", kinds[kind].name);
	tried(what, syscall(SYS_unshare, kinds[kind].flag));
	snprintf(what, sizeof(what), "unshare %s with the upper half set", kinds[kind].name);
	/* The kernel takes an unsigned long here and refuses unknown bits itself. */
	tried(what, syscall(SYS_unshare, kinds[kind].flag | 1ul << 32));
}

static void reap(const char *what, long pid)
{
	if (pid == 0)
		_exit(0);
	tried(what, pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
}

static void by_clone(void)
{
	struct clone_args arguments = { .flags = kinds[kind].flag, .exit_signal = SIGCHLD };
	char what[64];

	/* 0x80 is part of the exit signal for the old call. */
	if (kinds[kind].flag != 0x80) {
		snprintf(what, sizeof(what), "clone %s", kinds[kind].name);
		reap(what, syscall(SYS_clone, kinds[kind].flag | SIGCHLD, 0, 0, 0, 0));
		snprintf(what, sizeof(what), "clone %s with the upper half set", kinds[kind].name);
		reap(what, syscall(SYS_clone, kinds[kind].flag | SIGCHLD | 1ul << 32, 0, 0, 0, 0));
	}
	snprintf(what, sizeof(what), "clone3 %s", kinds[kind].name);
	reap(what, syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static void by_setns(void)
{
	static const char *const paths[] = {
		"/proc/1/ns/mnt", "/proc/1/ns/user", "/proc/1/ns/net", "/proc/1/ns/pid", "/proc/self/ns/mnt",
		"/proc/self/ns/user", "/proc/self/ns/net", "/proc/self/ns/uts",
	};
	char what[80];

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_RDONLY);

		snprintf(what, sizeof(what), "setns to %s", paths[i]);
		/* One's own user namespace cannot be entered again (EINVAL), allowed or not. */
		if (fd >= 0 && strcmp(paths[i], "/proc/self/ns/user") == 0)
			tried_invalid(what, setns(fd, 0));
		else
			tried(what, fd < 0 ? -1 : setns(fd, 0));
		if (fd >= 0)
			close(fd);
	}
}

static void by_pidfd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);

	tried("setns to all of pid 1", pidfd < 0 ? -1 : setns(pidfd, CLONE_NEWNS | CLONE_NEWUTS));
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	for (kind = 0; kind < KINDS; kind++) {
		in_child(kinds[kind].name, by_unshare);
		in_child(kinds[kind].name, by_clone);
	}
	in_child("setns", by_setns);
	in_child("setns by pidfd", by_pidfd);
	return verdict();
}
