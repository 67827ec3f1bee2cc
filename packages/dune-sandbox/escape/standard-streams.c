/* SPDX-License-Identifier: MIT */
/*
 * The caller redirects stdin from a file outside (facts: stdin=file) or, by
 * mistake, from a directory (stdin=directory). The program has the right to read
 * that one file; it has none to change it, nor to reach its neighbours. Success:
 * the file can be written, changed or linked through /proc/self/fd/0, or a
 * neighbour is reached. (peers.md: magic links, inherited fds, read-only open.)
 */
#include <sys/time.h>
#include <sys/xattr.h>
#include "escape.h"

static void close_if_open(long fd)
{
	if (fd >= 0)
		close((int)fd);
}

static void change_file(void)
{
	struct stat before;

	if (fstat(0, &before) < 0) {
		skipped("stdin is closed");
		return;
	}
	close_if_open(tried("/proc/self/fd/0 for writing", open("/proc/self/fd/0", O_RDWR)));
	close_if_open(tried("/dev/stdin for appending", open("/dev/stdin", O_WRONLY | O_APPEND)));
	close_if_open(tried("/proc/self/fd/0 with O_TRUNC", open("/proc/self/fd/0", O_RDONLY | O_TRUNC)));
	tried("truncate of /proc/self/fd/0", truncate("/proc/self/fd/0", before.st_size));
	tried("fchmod of stdin", fchmod(0, before.st_mode & 07777));
	tried("chmod of /proc/self/fd/0", chmod("/proc/self/fd/0", before.st_mode & 07777));
	tried("futimens of stdin", futimens(0, NULL));
	tried("fsetxattr of stdin", fsetxattr(0, "user.dune", "x", 1, 0));
	if (tried("hard link to stdin", linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "stdin-link", AT_SYMLINK_FOLLOW)) == 0)
		unlink("stdin-link");
	if (tried("linkat with an empty path", linkat(0, "", AT_FDCWD, "stdin-link", AT_EMPTY_PATH)) == 0)
		unlink("stdin-link");
}

static void leave_directory(void)
{
	tried_reading("openat from stdin", openat(0, "secret", O_RDONLY));
	tried_reading("openat .. from stdin", openat(0, "../outside/secret", O_RDONLY));
	tried_reading("through /proc/self/fd/0", open("/proc/self/fd/0/secret", O_RDONLY));
	tried("mkdirat from stdin", mkdirat(0, "made-from-stdin", 0700));
	unlinkat(0, "made-from-stdin", AT_REMOVEDIR);
	if (fchdir(0) == 0)
		tried_reading("fchdir to stdin", open("secret", O_RDONLY));
	else
		tried("fchdir to stdin", -1);
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	if (strcmp(need("stdin"), "directory") == 0)
		leave_directory();
	else
		change_file();
	return verdict();
}
