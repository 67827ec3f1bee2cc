/* SPDX-License-Identifier: MIT */
/*
 * supervisor.c - answers notified system calls (seccomp_unotify(2)).
 *
 * A call is either refused with the errno of its plan_syscall row, or handed
 * back to the kernel, which enforces mounts, Landlock and permissions as if
 * nobody had looked. Nothing here can turn a refusal into a permission: the
 * supervisor only tells which rule was missing. That is why reading the path
 * from memory the program can change meanwhile is harmless.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "jail.h"

#define ACCESS_TRUNCATE (1ull << 14) /* LANDLOCK_ACCESS_FS_TRUNCATE, ABI 3 */
#define ACCESS_FILE (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | ACCESS_TRUNCATE)
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1ull
#endif

static bool is_below(const char *path, const char *above, size_t length)
{
	return !strncmp(path, above, length) && (!path[length] || path[length] == '/');
}

/* Of the most specific rule above `path`; rules on the same path add up. */
static uint64_t granted(const char *path, size_t *best)
{
	uint64_t access = 0;

	*best = 0;
	for (size_t i = 0; i < plan.nrules; i++) {
		const struct rule *rule = &plan.rules[i];

		if (rule->length == 1) { /* a grant on "/" is about the root itself: what lies below is mounted, or not there */
			access |= path[1] ? 0 : rule->access;
			continue;
		}
		if (rule->length < *best || !is_below(path, rule->path, rule->length))
			continue;
		access = rule->length == *best ? access | rule->access : rule->access;
		*best = rule->length;
	}
	return access;
}

/*
 * Which of `need` is not granted on a path that is not there. In a private
 * directory a grant says nothing about what the host has in its place.
 */
static uint64_t missing_on_absent(const char *path, uint64_t need)
{
	size_t rule;
	uint64_t access = granted(path, &rule);

	for (size_t i = 0; i < plan.nmounts; i++)
		if (plan.mounts[i].type == PLAN_TMPFS && strlen(plan.mounts[i].target) >= rule &&
		    is_below(path, plan.mounts[i].target, strlen(plan.mounts[i].target)))
			return need;
	return need & ~access;
}

static uint64_t missing_on_present(const char *path, uint64_t need)
{
	size_t rule;

	return need & ~granted(path, &rule);
}

static void real_path(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof link, "self/fd/%d", fd);
	length = readlinkat(host_proc, link, path, size - 1);
	if (length > 0)
		path[length] = 0;
}

/* A symlink whose target is not visible: what the program asked for is the target. */
static void follow_dangling(char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);

	if (length <= 0 || target[0] != '/')
		return;
	target[length] = 0;
	memcpy(path, target, (size_t)length + 1);
}

/* Makes or removes a directory entry: what counts is the directory. */
static uint64_t missing_on_entry(char *path, uint64_t need)
{
	char *slash = strrchr(path, '/');
	char name[NAME_MAX + 2];
	int fd;

	if (strlen(slash) > NAME_MAX + 1)
		return 0;
	strcpy(name, slash);
	*slash = 0;
	fd = open(*path ? path : "/", O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		real_path(fd, path, PATH_MAX);
		close(fd);
	}
	if (!strcmp(path, "/"))
		*path = 0;
	if (strlen(path) + strlen(name) < PATH_MAX)
		strcat(path, name);
	return fd < 0 ? missing_on_absent(path, need) : missing_on_present(path, need);
}

static int mode_of(uint64_t need)
{
	return (need & LANDLOCK_ACCESS_FS_EXECUTE ? X_OK : 0) | (need & LANDLOCK_ACCESS_FS_WRITE_FILE ? W_OK : 0) |
	       (need & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR) ? R_OK : 0);
}

/*
 * Which of `need` no rule grants on `path`, which becomes the resolved path. 0
 * with *error set: granted, but the file's own permissions refuse it.
 */
static uint64_t missing(char *path, uint64_t need, uint16_t *error)
{
	struct stat st;
	int fd, mode = mode_of(need);

	if (!strncmp(path, "/proc/", 6)) /* ours to see only through another pid namespace */
		return 0;
	if (!(need & ACCESS_FILE))
		return missing_on_entry(path, need);
	/* The common case: our root is the program's, so what the mounts allow us they allow it. */
	if (plan.layers & LAYER_MOUNT && syscall(SYS_faccessat2, AT_FDCWD, path, mode, 0) == 0)
		return 0;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		follow_dangling(path);
		if (need & LANDLOCK_ACCESS_FS_MAKE_REG)
			return missing_on_entry(path, need & ~ACCESS_TRUNCATE);
		return missing_on_absent(path, need);
	}
	need &= ~(uint64_t)LANDLOCK_ACCESS_FS_MAKE_REG; /* O_CREAT of what exists */
	real_path(fd, path, PATH_MAX);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && need & LANDLOCK_ACCESS_FS_READ_FILE)
		need = LANDLOCK_ACCESS_FS_READ_DIR;
	need = missing_on_present(path, need);
	if (!need && syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH) < 0)
		*error = (uint16_t)errno;
	close(fd);
	return need;
}

static uint64_t access_of_open(uint64_t flags)
{
	uint64_t access = 0;

	if (flags & O_PATH)
		return 0;
	if ((flags & O_ACCMODE) != O_WRONLY)
		access |= LANDLOCK_ACCESS_FS_READ_FILE;
	if ((flags & O_ACCMODE) != O_RDONLY)
		access |= LANDLOCK_ACCESS_FS_WRITE_FILE;
	if (flags & O_TRUNC)
		access |= ACCESS_TRUNCATE;
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		access |= LANDLOCK_ACCESS_FS_MAKE_REG;
	return access;
}

static bool reachable(const struct sockaddr_in *in)
{
	const uint8_t *address = (const uint8_t *)&in->sin_addr;

	if (!(plan.layers & LAYER_NET))
		return true;
	for (size_t i = 0; i < plan.nrelays; i++)
		if (plan.relays[i].direction == RELAY_OUT && !memcmp(plan.relays[i].address, address, 4) &&
		    plan.relays[i].port == ntohs(in->sin_port))
			return true;
	return false;
}

/* Whether the address leads nowhere in here. A unix socket's path is left in `path`. */
static bool unreachable_address(const struct seccomp_notif *call, uint8_t index, struct report_denied *denied,
				char *path)
{
	union { uint8_t bytes[28]; struct sockaddr any; struct sockaddr_in in; struct sockaddr_in6 in6; } *to =
		(void *)denied->address;
	uint64_t length = call->data.args[index + 1];

	if (length < sizeof(sa_family_t) ||
	    tracee_read(call->pid, call->data.args[index], to, length < sizeof *to ? length : sizeof *to) <= 0)
		return false;
	denied->addrlen = length < sizeof *to ? (uint32_t)length : sizeof *to;
	switch (to->any.sa_family) {
	case AF_INET:
		return !reachable(&to->in);
	case AF_INET6:
		return plan.layers & LAYER_NET && !IN6_IS_ADDR_LOOPBACK(&to->in6.sin6_addr) &&
		       !IN6_IS_ADDR_UNSPECIFIED(&to->in6.sin6_addr);
	case AF_UNIX:
		if (length <= sizeof(sa_family_t) || !to->bytes[2])
			return false;
		return !tracee_path(call->pid, AT_FDCWD, call->data.args[index] + sizeof(sa_family_t), path, PATH_MAX) &&
		       (denied->access = missing(path, LANDLOCK_ACCESS_FS_WRITE_FILE, &denied->error));
	}
	return false;
}

static uint64_t look_at_path(const struct seccomp_notif *call, uint8_t dir, uint8_t index, uint64_t need, char *path,
			     uint16_t *error)
{
	int dirfd = dir == NO_ARG ? AT_FDCWD : (int)call->data.args[dir];

	if (index == NO_ARG || tracee_path(call->pid, dirfd, call->data.args[index], path, PATH_MAX) < 0) {
		*path = 0;
		return 0;
	}
	return missing(path, need, error);
}

static void explain(const struct seccomp_notif *call, const struct plan_syscall *row)
{
	static char path[PATH_MAX + 1], path2[PATH_MAX + 1];
	struct report_denied denied = { .pid = call->pid, .number = row->number, .error = row->error };
	uint64_t need = row->access;
	bool nowhere = false;

	if (row->openflags != NO_ARG)
		need |= access_of_open(call->data.args[row->openflags]);
	*path2 = 0;
	denied.access = look_at_path(call, row->dir, row->path, need, path, &denied.error);
	denied.access2 = look_at_path(call, row->dir2, row->path2, row->access2, path2, &denied.error);
	if (row->address != NO_ARG)
		nowhere = unreachable_address(call, row->address, &denied, path);
	if (!denied.access && !denied.access2 && !denied.error && !nowhere)
		return;
	memcpy(denied.args, call->data.args, sizeof denied.args);
	report_denied(&denied, path, path2);
}

/* The kernel's structures may have grown; it tells by how much (SECCOMP_GET_NOTIF_SIZES). */
union request { struct seccomp_notif call; uint8_t room[256]; };
union answer { struct seccomp_notif_resp answer; uint8_t room[256]; };

/* False when no process is left that the filter applies to. */
static bool serve(int listener)
{
	union request request;
	union answer answer;
	const struct plan_syscall *row;

	memset(&request, 0, sizeof request);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) {
		struct pollfd state = { listener, 0, 0 };

		/* The caller died, or a signal came; or everybody has gone, and RECV would fail for ever. */
		return poll(&state, 1, 0) == 0;
	}
	memset(&answer, 0, sizeof answer);
	answer.answer.id = request.call.id;
	if ((unsigned int)request.call.data.nr >= PLAN_MAX_SYSCALL || !plan.supervised[request.call.data.nr]) {
		answer.answer.error = -ENOSYS;
	} else {
		row = &plan.syscalls[request.call.data.nr];
		explain(&request.call, row);
		answer.answer.error = -(int)row->error;
		answer.answer.flags = row->error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return true;
}

static void *supervisor_main(void *unused)
{
	int listener = flag_wait(&shared->listener) - 1;

	/* 6.6 and later: switch to the answered thread at once. */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	while (serve(listener))
		;
	return NULL;
}

/* A thread of the helper: it answers at once, whatever the helper is busy with. */
void supervisor_start(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, supervisor_main, NULL);

	if (error)
		fail(LAYER_SUPERVISOR, error, "start", "supervisor");
}
