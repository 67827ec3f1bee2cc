/* SPDX-License-Identifier: MIT */
/*
 * mount.c - the root that the program sees.
 *
 * Sources are opened and cloned first, all of them, without following a symlink:
 * an earlier run may have planted one in a directory it could write to. Then a
 * tmpfs becomes the root, the clones are attached to it in the order of the
 * plan, and the old root is let go. The kernel, not a list of names, is what
 * keeps the rest of the host out of reach.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail.h"

/* linux/mount.h cannot be included beside sys/mount.h. */
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#define OPEN_TREE_CLONE 1
#define AT_RECURSIVE 0x8000
#define MOUNT_ATTR_RDONLY 0x01
#define MOUNT_ATTR_NOSUID 0x02
#define MOUNT_ATTR_NODEV 0x04
#define MOUNT_ATTR_NOEXEC 0x08
#define MOUNT_ATTR_IDMAP 0x100000

struct mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

static int set_attributes(int tree, int recursive, uint64_t set, int userns)
{
	struct mount_attr attr = { .attr_set = set, .propagation = MS_PRIVATE };

	if (userns >= 0) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)userns;
	}
	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof attr);
}

static uint64_t attributes(uint16_t flags)
{
	return MOUNT_ATTR_NOSUID |
	       (flags & BIND_DEVICE ? 0 : MOUNT_ATTR_NODEV) |
	       (flags & (BIND_READONLY | BIND_OVERLAY) ? MOUNT_ATTR_RDONLY : 0) |
	       (flags & BIND_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
}

static int clone_tree(int dir, const char *path)
{
	int source = open_resolved(dir, path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS), tree;

	if (source < 0)
		return -errno;
	tree = (int)syscall(SYS_open_tree, source, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0)
		tree = -errno;
	close(source);
	return tree;
}

static void open_source(struct mount *mount, int userns)
{
	int mapped = mount->flags & BIND_IDMAP ? userns : -1;
	uint64_t set = attributes(mount->flags);

	mount->tree = clone_tree(AT_FDCWD, mount->source);
	if (mount->tree < 0)
		fail(LAYER_MOUNT, -mount->tree, "open_tree", mount->source);
	if (set_attributes(mount->tree, AT_RECURSIVE, set, mapped) == 0)
		return;
	/* Not every file system knows ID mapping. One that does not keeps the host's ids, and the
	 * program has the rights of a stranger there: less than was granted, never more. */
	if (mapped < 0 || set_attributes(mount->tree, AT_RECURSIVE, set, -1) < 0)
		fail(LAYER_MOUNT, errno, "mount_setattr", mount->source);
	set_attributes(mount->tree, 0, set, mapped);
}

/* A detached mount of one file through which nothing about it can be changed. */
int mount_clone_read_only(const char *path)
{
	int tree = clone_tree(AT_FDCWD, path);

	if (tree >= 0 && set_attributes(tree, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, -1) < 0) {
		close(tree);
		return -errno;
	}
	return tree;
}

void mounts_open(int userns)
{
	for (size_t i = 0; i < plan.nmounts; i++)
		if (plan.mounts[i].type == PLAN_BIND)
			open_source(&plan.mounts[i], userns);
}

/*
 * Everything below is relative to the new root: the working directory, and held
 * open to come back to.
 */
static int root = -1;

static const char *inside(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

/* The tmpfs mounts made here, root first: the only places where a mount point may be made. */
static struct { dev_t devices[PLAN_MAX_MOUNTS + 1]; size_t count; } ours;

static void remember_ours(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		ours.devices[ours.count++] = st.st_dev;
}

static bool is_ours(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	for (size_t i = 0; i < ours.count; i++)
		if (ours.devices[i] == st.st_dev)
			return true;
	return false;
}

static int step(int dir, const char *name)
{
	return open_resolved(dir, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int make(int dir, const char *name, bool directory)
{
	if (!is_ours(dir))
		errno = ENOENT;
	else if ((directory ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0644, 0)) == 0)
		return step(dir, name);
	return -1;
}

/* Opens `path`, made with everything above it where missing, but never in a directory of the host. */
static int reach(char *path, bool directory)
{
	char *slash = strrchr(path, '/');
	int fd = step(root, path), above, error;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (slash)
		*slash = 0;
	above = slash ? reach(path, true) : step(root, ".");
	if (slash)
		*slash = '/';
	if (above < 0)
		return -1;
	fd = make(above, slash ? slash + 1 : path, directory);
	error = errno;
	close(above);
	errno = error;
	return fd;
}

static int mount_point(const char *target, bool directory)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s", inside(target)) >= (int)sizeof path)
		fail(LAYER_MOUNT, ENAMETOOLONG, "mount point", target);
	fd = reach(path, directory);
	if (fd < 0)
		fail(LAYER_MOUNT, errno, "mount point", target);
	return fd;
}

static void attach(int tree, const char *target)
{
	struct stat st;
	int point;

	if (fstat(tree, &st) < 0)
		fail(LAYER_MOUNT, errno, "stat", target);
	point = mount_point(target, S_ISDIR(st.st_mode));
	if (syscall(SYS_move_mount, tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		fail(LAYER_MOUNT, errno, "move_mount", target);
	close(point);
}

static void mount_new(const char *type, const char *target, unsigned long flags, const char *options)
{
	int point = mount_point(target, true);

	/* mount(2) takes no descriptor; the working directory stands in for a path. */
	if (fchdir(point) < 0 || mount(type, ".", type, flags | MS_NOSUID, options) < 0 || fchdir(root) < 0)
		fail(LAYER_MOUNT, errno, type, target);
	close(point);
}

static void attach_tmpfs(const struct mount *mount)
{
	char options[64];

	snprintf(options, sizeof options, "mode=%o,size=%llu", mount->mode & 07777u, (unsigned long long)mount->size);
	mount_new("tmpfs", mount->target, MS_NODEV, options);
	remember_ours(inside(mount->target));
}

static void attach_symlink(const struct mount *mount)
{
	char parent[PATH_MAX];
	char *slash;
	int dir;

	if (snprintf(parent, sizeof parent, "%s", mount->target) >= (int)sizeof parent)
		fail(LAYER_MOUNT, ENAMETOOLONG, "symlink", mount->target);
	slash = strrchr(parent, '/');
	*slash = 0;
	dir = mount_point(parent, true);
	if (!is_ours(dir) || symlinkat(mount->source, dir, slash + 1) < 0)
		fail(LAYER_MOUNT, errno, "symlink", mount->target);
	close(dir);
}

/* A generated file: written on the new root, then moved over what it replaces. */
static void attach_file(const struct mount *mount)
{
	static const char spare[] = ".generated";
	int fd = open(spare, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), tree;

	if (fd < 0 || write(fd, mount->source, mount->size) != (ssize_t)mount->size)
		fail(LAYER_MOUNT, errno, "write", mount->target);
	close(fd);
	tree = clone_tree(AT_FDCWD, spare);
	if (tree < 0 || set_attributes(tree, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, -1) < 0)
		fail(LAYER_MOUNT, errno, "open_tree", mount->target);
	attach(tree, mount->target);
	close(tree);
	unlink(spare);
}

/*
 * The lower tree, upper and work directories get names without the characters
 * that overlay options give a meaning to; once mounted the overlay holds them.
 */
static void attach_overlay(const struct mount *what, size_t index)
{
	static const char *const stage[] = { ".overlay", ".overlay/lower", ".overlay/private" };
	char options[64];

	for (size_t i = 0; i < sizeof stage / sizeof *stage; i++)
		if (mkdir(stage[i], 0700) < 0 && errno != EEXIST)
			fail(LAYER_MOUNT, errno, "mkdir", stage[i]);
	attach(what->tree, "/.overlay/lower");
	snprintf(options, sizeof options, "mode=700,size=%llu", (unsigned long long)plan.limits.written); /* 0: no bound */
	mount_new("tmpfs", "/.overlay/private", MS_NODEV, options);
	if (mkdir(".overlay/private/upper", 0755) < 0 || mkdir(".overlay/private/work", 0755) < 0)
		fail(LAYER_MOUNT, errno, "mkdir", "upper");
	shared->lower[index] = open(".overlay/lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	shared->upper[index] = open(".overlay/private/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	close(mount_point(what->target, true));
	if (mount("overlay", inside(what->target), "overlay", MS_NOSUID | MS_NODEV,
		  "lowerdir=.overlay/lower,upperdir=.overlay/private/upper,workdir=.overlay/private/work,userxattr") < 0)
		fail(LAYER_MOUNT, errno, "overlay", what->target);
	umount2(".overlay/private", MNT_DETACH);
	umount2(".overlay/lower", MNT_DETACH);
}

static void attach_one(struct mount *mount, size_t index)
{
	switch (mount->type) {
	case PLAN_TMPFS: attach_tmpfs(mount); break;
	case PLAN_SYMLINK: attach_symlink(mount); break;
	case PLAN_FILE: attach_file(mount); break;
	case PLAN_BIND:
		if (mount->flags & BIND_OVERLAY)
			attach_overlay(mount, index);
		else
			attach(mount->tree, mount->target);
		close(mount->tree);
	}
}

/* /proc of the new pid namespace; what is not about processes is read-only. */
static void attach_proc(void)
{
	static const char *const covered[] = { "sys", "irq", "bus", "fs" };

	mount_new("proc", "/proc", MS_NODEV | MS_NOEXEC, NULL);
	shared->proc = open("proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof covered / sizeof *covered; i++) {
		char path[64];
		int tree;

		snprintf(path, sizeof path, "/proc/%s", covered[i]);
		tree = clone_tree(AT_FDCWD, inside(path));
		if (tree == -ENOENT)
			continue; /* not every kernel has all of them */
		if (tree < 0 || set_attributes(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, -1) < 0)
			fail(LAYER_MOUNT, errno, "cover", path);
		attach(tree, path);
		close(tree);
	}
}

static void attach_terminals(void)
{
	mount_new("devpts", "/dev/pts", MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
	if (symlink("pts/ptmx", "dev/ptmx") < 0)
		fail(LAYER_MOUNT, errno, "symlink", "/dev/ptmx");
}

void mounts_attach(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail(LAYER_MOUNT, errno, "make private", "/");
	/* /proc is the one directory that is known to exist. */
	if (mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") < 0 || chdir("/proc") < 0)
		fail(LAYER_MOUNT, errno, "tmpfs", "/");
	root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	remember_ours(".");
	for (size_t i = 0; i < plan.nmounts; i++)
		attach_one(&plan.mounts[i], i);
	if (plan.layers & LAYER_PID)
		attach_proc();
	attach_terminals();
	if (rmdir(".overlay/lower") == 0 && rmdir(".overlay/private") == 0)
		rmdir(".overlay");
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		fail(LAYER_MOUNT, errno, "pivot_root", "");
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		fail(LAYER_MOUNT, errno, "remount read-only", "/");
	close(root);
}
