/* SPDX-License-Identifier: MIT */
/*
 * tracee.c - read what a supervised process passed to a system call. The answer
 * is for explaining only: the process may change it at any time, and it is the
 * kernel that decides on what the call really uses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jail.h"

enum { PAGE = 4096 };

/* Reads up to the first page that is not there. */
ssize_t tracee_read(uint32_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = { buffer, size }, remote[4];
	size_t parts = 0, left = size;

	/* process_vm_readv(2) is partial only between elements, so split at page ends. */
	while (left && parts < 4) {
		size_t step = PAGE - (address & (PAGE - 1));

		if (step > left)
			step = left;
		remote[parts++] = (struct iovec){ (void *)address, step };
		address += step;
		left -= step;
	}
	return process_vm_readv((pid_t)pid, &local, 1, remote, parts, 0);
}

static int base_of(uint32_t pid, int dirfd, char *path, size_t size)
{
	char link[64];
	ssize_t length;

	if (dirfd == AT_FDCWD)
		snprintf(link, sizeof link, "%u/cwd", pid);
	else
		snprintf(link, sizeof link, "%u/fd/%d", pid, dirfd);
	length = readlinkat(host_proc, link, path, size - 1);
	if (length < 0)
		return -errno;
	path[length] = 0;
	return (int)length;
}

/* Join, and fold "//", "." and "..": lexically, as the caller spelled it. */
static void normalise(char *path)
{
	char *out = path, *in = path;

	while (*in) {
		while (*in == '/')
			in++;
		size_t length = strcspn(in, "/");

		if (length == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
		} else if (length && !(length == 1 && in[0] == '.')) {
			*out++ = '/';
			memmove(out, in, length);
			out += length;
		}
		in += length;
	}
	if (out == path)
		*out++ = '/';
	*out = 0;
}

/* Most paths are short, and copying a whole page costs more than asking again for the rest. */
static int read_string(uint32_t pid, uint64_t address, char *text, size_t size)
{
	size_t first = 256;
	ssize_t length = tracee_read(pid, address, text, first);

	if (length > 0 && memchr(text, 0, (size_t)length))
		return 0;
	if (length < (ssize_t)first)
		return -EFAULT;
	length = tracee_read(pid, address + first, text + first, size - first);
	return length > 0 && memchr(text + first, 0, (size_t)length) ? 0 : -EFAULT;
}

/* The absolute path that (dirfd, address) spells. Returns 0 or a negative errno. */
int tracee_path(uint32_t pid, int dirfd, uint64_t address, char *path, size_t size)
{
	char text[PATH_MAX];
	int base = 0;

	if (read_string(pid, address, text, sizeof text) < 0)
		return -EFAULT;
	if (text[0] != '/') {
		base = base_of(pid, dirfd, path, size);
		if (base < 0)
			return base;
		if (path[0] != '/') /* not below our root, or not a file at all */
			return -ENOENT;
	}
	if (base + strlen(text) + 3 > size)
		return -ENAMETOOLONG;
	path[base] = '/'; /* also keeps a result from growing over what is still to be read */
	memcpy(path + base + 1, text, strlen(text) + 1);
	normalise(path);
	return 0;
}
