/* SPDX-License-Identifier: MIT */
/*
 * What /proc shows of processes that are not ours: pid 1 and the helpers of the
 * sandbox know secrets (environment) and hold rights (memory, descriptors).
 * (sandbox.md: pid 1 readable through /proc/1/environ, writable through
 * /proc/1/mem unless dumpable=0.) Success: one of these files opens.
 */
#include <ctype.h>
#include <dirent.h>
#include "escape.h"

static void try_process(const char *pid)
{
	static const struct { const char *name; int flags; } files[] = {
		{ "mem", O_RDWR }, { "environ", O_RDONLY }, { "auxv", O_RDONLY }, { "maps", O_RDONLY },
		{ "pagemap", O_RDONLY }, { "stack", O_RDONLY }, { "personality", O_RDONLY },
		{ "syscall", O_RDONLY }, { "io", O_RDONLY }, { "fd", O_RDONLY | O_DIRECTORY },
		{ "fdinfo", O_RDONLY | O_DIRECTORY }, { "map_files", O_RDONLY | O_DIRECTORY },
		{ "cwd", O_RDONLY | O_DIRECTORY }, { "root", O_RDONLY | O_DIRECTORY },
		{ "exe", O_RDONLY }, { "ns/mnt", O_RDONLY }, { "ns/net", O_RDONLY },
		{ "ns/user", O_RDONLY }, { "clear_refs", O_WRONLY }, { "uid_map", O_WRONLY },
		{ "coredump_filter", O_WRONLY },
	};
	char path[400];
	char byte;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/%s", pid, files[i].name);
		fd = open(path, files[i].flags | O_CLOEXEC);
		/* Some open for everyone and refuse at the first read; environ of a kernel thread is empty. */
		if (fd >= 0 && files[i].flags == O_RDONLY && strncmp(files[i].name, "ns/", 3) != 0 &&
		    read(fd, &byte, 1) <= 0) {
			refused("%s: cannot be read", path);
			close(fd);
			continue;
		}
		tried(path, fd);
		if (fd >= 0)
			close(fd);
	}
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned seen = 0;
	DIR *list;

	(void)argc;
	begin(argv);
	list = opendir("/proc");
	if (!list) {
		tried("/proc", -1);
		return verdict();
	}
	/* Natively there are hundreds; a few are enough to make the point. */
	while ((entry = readdir(list)) && seen < 6) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		seen++;
		try_process(entry->d_name);
	}
	closedir(list);
	if (seen == 0)
		refused("no other process in /proc");
	return verdict();
}
