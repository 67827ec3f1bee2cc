/* SPDX-License-Identifier: MIT */
/* system.c - system calls that no libc wraps, and small sequences of them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "jail.h"

/* fork() with clone(2) flags; the child runs on a copy of this stack. */
pid_t spawn_process(unsigned long flags, int *pidfd)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD | (pidfd ? CLONE_PIDFD : 0), NULL, pidfd, NULL, NULL);
}

int open_resolved(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

int close_all(unsigned int from, unsigned int flags)
{
	return (int)syscall(SYS_close_range, from, ~0u, flags);
}

/* One process sets a flag that another waits for: futex(2), in the shared page. */
void flag_set(_Atomic int *flag, int value)
{
	*flag = value;
	syscall(SYS_futex, flag, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int flag_wait(_Atomic int *flag)
{
	int value;

	while (!(value = *flag))
		syscall(SYS_futex, flag, FUTEX_WAIT, 0, NULL, NULL, 0);
	return value;
}

/*
 * Set last: a change of credentials clears it (prctl(2), PR_SET_PDEATHSIG). A
 * helper that has died before sends no signal any more, so look.
 */
void die_with_parent(int number)
{
	struct pollfd helper = { helper_fd, POLLIN, 0 };

	prctl(PR_SET_PDEATHSIG, number);
	prctl(PR_SET_DUMPABLE, 0);
	if (poll(&helper, 1, 0) > 0)
		_exit(125);
}

void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof none);
	if (syscall(SYS_capset, &header, none) < 0)
		fail(NO_LAYER, errno, "capset", "");
}

/* So that no execve(2) brings a capability back (capabilities(7)); itself takes CAP_SETPCAP. */
void lock_capabilities(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		; /* the first number beyond the kernel's last ends it */
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	      SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
}

/* Returns the bytes read, NUL-terminated, or a negative errno. */
ssize_t read_file(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, buffer, size - 1);
	if (length < 0)
		length = -errno;
	else
		buffer[length] = 0;
	close(fd);
	return length;
}

int write_file(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* The first child in `list`, which is cut at its last space: what follows may be half a number. */
static pid_t first_child(char *list, pid_t except)
{
	char *cut = strrchr(list, ' '), *next;

	if (!cut)
		return 0;
	*cut = 0;
	for (char *at = list;; at = next) {
		pid_t pid = (pid_t)strtol(at, &next, 10);

		if (next == at || (pid && pid != except))
			return pid;
	}
}

/*
 * End every descendant of a subreaper but one and wait for it: what loses its
 * parent becomes a child of ours. With a pid namespace the kernel does this for us.
 */
void kill_descendants(pid_t except)
{
	char path[64], children[4096];
	pid_t pid;

	snprintf(path, sizeof path, "self/task/%d/children", getpid());
	while (read_file(host_proc, path, children, sizeof children) > 0 && (pid = first_child(children, except))) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
}
