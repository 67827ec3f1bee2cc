/* SPDX-License-Identifier: MIT */
/*
 * tracee.c - fuzzes tracee_path(), which reads a path out of a process that may
 * be hostile: whatever lies there, the result is what resolving the path lexically
 * gives, fits its buffer and leaves no way to spell one file in two ways.
 *
 *   input: offset in the page (2), number of pages (1), the working directory up to a NUL, the process's memory
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

/* The process that is read from: a few pages, the path somewhere in them. */
#define BASE 0x10000ul
static uint8_t *memory;
static size_t memory_size;
static const char *directory;

/* process_vm_readv(2): whole elements up to the first that cannot be read. */
static ssize_t fake_readv(pid_t pid, const struct iovec *local, unsigned long nlocal, const struct iovec *remote,
			  unsigned long nremote, unsigned long flags)
{
	size_t done = 0;

	(void)pid, (void)flags;
	CHECK(nlocal == 1);
	for (unsigned long i = 0; i < nremote; i++) {
		size_t at = (size_t)remote[i].iov_base - BASE, length = remote[i].iov_len;

		CHECK(at / 4096 == (at + length - 1) / 4096);
		if (at + length > memory_size)
			break;
		CHECK(done + length <= local->iov_len);
		memcpy((uint8_t *)local->iov_base + done, memory + at, length);
		done += length;
	}
	if (done || !nremote)
		return (ssize_t)done;
	errno = EFAULT;
	return -1;
}

static ssize_t fake_readlinkat(int fd, const char *link, char *path, size_t size)
{
	size_t length = strlen(directory);

	(void)fd;
	CHECK(!strcmp(link, "7/cwd"));
	if (length > size)
		length = size;
	memcpy(path, directory, length);
	return (ssize_t)length;
}

#define process_vm_readv fake_readv
#define readlinkat fake_readlinkat
#include "../jail/tracee.c"

int host_proc;

/* Every component of `text` in turn, on a stack of components. */
static void resolve(char *into, const char *text)
{
	static char copy[2 * PATH_MAX + 2];
	char *rest = copy, *name, *end = into;

	CHECK(strlen(text) < sizeof copy);
	strcpy(copy, text);
	*end = 0;
	while ((name = strsep(&rest, "/"))) {
		if (!strcmp(name, "..") && end > into)
			*(end = strrchr(into, '/')) = 0;
		else if (*name && strcmp(name, ".") && strcmp(name, ".."))
			end += sprintf(end, "/%s", name);
	}
}

static void check_path(const char *path, const char *text)
{
	static char expected[2 * PATH_MAX + 2], joined[2 * PATH_MAX + 2];

	snprintf(joined, sizeof joined, "%s/%s", *text == '/' ? "" : directory, text);
	resolve(expected, joined);
	CHECK(!strcmp(path, *expected ? expected : "/"));
	CHECK(path[0] == '/' && strlen(path) < PATH_MAX);
	CHECK(!strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../"));
	CHECK(strlen(path) <= strlen(joined));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *text;
	size_t offset, head;
	char *path;
	int result;

	if (size < 4 || !(text = memchr(data + 3, 0, size - 3)) || text - data - 3 >= PATH_MAX - 1)
		return 0;
	text++;
	offset = (size_t)(data[0] | data[1] << 8) % 4096;
	memory_size = (size_t)(1 + data[2] % 3) * 4096;
	head = size - (size_t)(text - data);
	if (head > memory_size - offset)
		head = memory_size - offset;
	directory = (const char *)data + 3;
	memory = malloc(memory_size);
	path = malloc(PATH_MAX);
	CHECK(memory && path);
	memset(memory, 'x', memory_size); /* a path that never ends, unless the input ends it */
	memcpy(memory + offset, text, head);

	result = tracee_path(7, AT_FDCWD, BASE + offset, path, PATH_MAX);
	CHECK(result == 0 || result == -EFAULT || result == -ENOENT || result == -ENAMETOOLONG);
	if (result == 0) {
		CHECK(memchr(memory + offset, 0, memory_size - offset));
		check_path(path, (const char *)memory + offset);
	}
	free(path);
	free(memory);
	return 0;
}
