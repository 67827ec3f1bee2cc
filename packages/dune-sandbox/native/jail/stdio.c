/* SPDX-License-Identifier: MIT */
/*
 * stdio.c - the standard streams, the only descriptors of the host that the
 * program keeps.
 *
 * A file opened for reading says what may be read, but its owner may also change
 * its mode, times and attributes through the descriptor. So a regular file is
 * opened anew through a read-only mount of itself, at the same offset; what the
 * program has read is taken over to the caller's descriptor at the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail.h"

static int originals[JAIL_FD] = { -1, -1, -1 };

/* A directory would be a way to walk out of the root; a closed one would be reused. */
void stdio_check(void)
{
	struct stat st;

	for (int fd = 0; fd < JAIL_FD; fd++) {
		if (fstat(fd, &st) < 0 && open("/dev/null", O_RDWR) != fd)
			fail(NO_LAYER, EBADF, "open", "/dev/null");
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			fail(NO_LAYER, EISDIR, "inherit", "a directory as stdin, stdout or stderr");
	}
}

static bool is_read_only_file(int fd)
{
	struct stat st;

	/* A file without a name, such as a shell's here-document, is nobody else's. */
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0 &&
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

static bool same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void reopen(int fd)
{
	char link[32], path[PATH_MAX];
	int tree, again;
	ssize_t length;

	snprintf(link, sizeof link, "self/fd/%d", fd);
	length = readlinkat(host_proc, link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = 0;
	tree = mount_clone_read_only(path);
	snprintf(link, sizeof link, "self/fd/%d", tree);
	again = tree < 0 ? -1 : openat(host_proc, link, O_RDONLY | O_CLOEXEC);
	if (again < 0 || !same_file(fd, again))
		fail(LAYER_MOUNT, ENOENT, "reopen read-only (pass it through a pipe instead)", path);
	lseek(again, lseek(fd, 0, SEEK_CUR), SEEK_SET);
	originals[fd] = fcntl(fd, F_DUPFD_CLOEXEC, JAIL_FD + 1);
	dup2(again, fd);
	close(again);
	close(tree);
}

/* In our own mount namespace. Root's files are not the program's anyway: it is another user. */
void stdio_protect(void)
{
	if (!(plan.layers & LAYER_MOUNT) || plan.id.outside_uid != getuid())
		return;
	for (int fd = 0; fd < JAIL_FD; fd++)
		if (is_read_only_file(fd))
			reopen(fd);
}

/* The program has its own table by now; ours must not keep its streams open for others. */
void stdio_release(void)
{
	for (int fd = 0; fd < JAIL_FD; fd++)
		if (originals[fd] < 0)
			close(fd);
}

/* Whoever reads on from the caller's descriptor goes on where the program stopped. */
void stdio_restore(void)
{
	for (int fd = 0; fd < JAIL_FD; fd++)
		if (originals[fd] >= 0)
			lseek(originals[fd], lseek(fd, 0, SEEK_CUR), SEEK_SET);
}
