/* SPDX-License-Identifier: MIT */
/*
 * change.c - lists what a dry run changed, from the overlay's upper layer
 * (Documentation/filesystems/overlayfs): a character device 0:0 stands for a
 * deleted name, the attribute user.overlay.opaque for a replaced directory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "jail.h"

static void report_change(uint16_t kind, uint64_t size, const char *path)
{
	struct { uint64_t size; char path[PATH_MAX]; } change = { .size = size };

	snprintf(change.path, sizeof change.path, "%s", path);
	report(REPORT_CHANGE, kind, &change, offsetof(typeof(change), path) + strlen(change.path) + 1);
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_opaque(int fd)
{
	char value;

	return fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* `path` is the directory as the program saw it; `tail` is where it ends. */
static void walk(int upper, int lower, char *path, size_t tail)
{
	DIR *dir = fdopendir(upper);
	struct dirent *entry;
	struct stat now, before;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		bool existed;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || tail + length + 2 > PATH_MAX ||
		    fstatat(dirfd(dir), entry->d_name, &now, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		path[tail] = '/';
		memcpy(path + tail + 1, entry->d_name, length + 1);
		existed = lower >= 0 && fstatat(lower, entry->d_name, &before, AT_SYMLINK_NOFOLLOW) == 0;
		if (is_whiteout(&now)) {
			report_change(CHANGE_DELETED, 0, path);
		} else if (S_ISDIR(now.st_mode)) {
			int below = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			bool replaced = existed && is_opaque(below);
			int under = existed && !replaced ?
				openat(lower, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

			if (!existed || replaced)
				report_change(replaced ? CHANGE_REPLACED_DIR : CHANGE_CREATED, 0, path);
			if (below >= 0)
				walk(below, under, path, tail + 1 + length);
			close(under);
		} else {
			report_change(existed ? CHANGE_MODIFIED : CHANGE_CREATED, (uint64_t)now.st_size, path);
		}
	}
	closedir(dir);
	path[tail] = 0;
}

void changes_report(void)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < plan.nmounts; i++) {
		if (!shared->upper[i])
			continue;
		snprintf(path, sizeof path, "%s", plan.mounts[i].target);
		walk(shared->upper[i], shared->lower[i], path, strlen(path));
	}
}
