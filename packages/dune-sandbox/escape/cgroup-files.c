/* SPDX-License-Identifier: MIT */
/*
 * Control groups: a writable cgroup.procs moves the program out of its limits, a
 * writable release_agent runs a program of the writer's choice as root, and a
 * fresh hierarchy can be mounted if mount is allowed at all. (issue: cgroup
 * escape.) Success: one of the files opens for writing. Nothing is written.
 */
#include <ftw.h>
#include "escape.h"

static unsigned looked;

static int try_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	static const char *const names[] = { "release_agent", "cgroup.procs", "tasks", "devices.allow", "cgroup.subtree_control" };
	const char *name = path + place->base;

	(void)status;
	if (type != FTW_F)
		return place->level > 3 ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd;

		if (strcmp(name, names[i]) != 0)
			continue;
		fd = open(path, O_WRONLY | O_CLOEXEC);
		tried(path, fd);
		if (fd >= 0)
			close(fd);
		looked++;
	}
	return looked > 60 ? FTW_STOP : FTW_CONTINUE;
}

static void mount_hierarchy(void)
{
	mkdir("cgroup-mount", 0700);
	if (tried("mount of cgroup2", syscall(SYS_mount, "none", "cgroup-mount", "cgroup2", 0, NULL)) == 0)
		syscall(SYS_umount2, "cgroup-mount", 2 /* MNT_DETACH */);
	rmdir("cgroup-mount");
}

int main(int argc, char **argv)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/cgroup", "/dev/cgroup", "/proc/1/root/sys/fs/cgroup" };

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		looked = 0;
		nftw(roots[i], try_file, 16, FTW_PHYS | FTW_ACTIONRETVAL);
		if (looked == 0)
			refused("%s: nothing there", roots[i]);
	}
	in_child("mount", mount_hierarchy);
	return verdict();
}
