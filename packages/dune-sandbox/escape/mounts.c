/* SPDX-License-Identifier: MIT */
/*
 * Change what is mounted: directly, by the newer calls, and after a new user
 * namespace made its creator root. `bwrap --unshare-all --ro-bind / /` as root is
 * undone by one remount. (sandbox.md.) Calls that would harm the machine carry
 * invalid arguments: permission is checked first. Success: a call is let through,
 * or the read-only tree (readonly=) can be written.
 */
#include <linux/mount.h>
#include <sched.h>
#include "escape.h"

static void old_calls(void)
{
	mkdir("mount-point", 0700);
	if (tried("mount tmpfs", syscall(SYS_mount, "none", "mount-point", "tmpfs", 0, NULL)) == 0)
		syscall(SYS_umount2, "mount-point", 2 /* MNT_DETACH */);
	if (tried("bind /", syscall(SYS_mount, "/", "mount-point", NULL, 4096 /* MS_BIND */, NULL)) == 0)
		syscall(SYS_umount2, "mount-point", 2);
	if (tried("mount proc", syscall(SYS_mount, "proc", "mount-point", "proc", 0, NULL)) == 0)
		syscall(SYS_umount2, "mount-point", 2);
	tried_invalid("umount2 of a plain directory", syscall(SYS_umount2, "mount-point", 2));
	tried_invalid("pivot_root", syscall(SYS_pivot_root, "mount-point", "mount-point"));
	tried_invalid("move a mount", syscall(SYS_mount, "mount-point", "mount-point", NULL, 8192 /* MS_MOVE */, NULL));
	rmdir("mount-point");
}

static void change_root(void)
{
	tried("chroot", chroot("."));
}

static void new_calls(void)
{
	struct mount_attr attributes = { .attr_clr = MOUNT_ATTR_RDONLY };
	int fd;

	fd = (int)tried("open_tree clone", syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE));
	if (fd >= 0)
		close(fd);
	fd = (int)tried("fsopen tmpfs", syscall(SYS_fsopen, "tmpfs", 0));
	if (fd >= 0)
		close(fd);
	fd = (int)tried("fspick", syscall(SYS_fspick, AT_FDCWD, "/proc", 0));
	if (fd >= 0)
		close(fd);
	tried_invalid("fsmount", syscall(SYS_fsmount, -1, 0, 0));
	tried_invalid("move_mount", syscall(SYS_move_mount, -1, "", -1, "", 0));
	tried_invalid("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, need("readonly"), 0, &attributes, sizeof(attributes)));
}

static void write_readonly_tree(const char *how)
{
	char path[4096], what[128];
	int fd;

	snprintf(path, sizeof(path), "%s/remounted", need("readonly"));
	snprintf(what, sizeof(what), "write to a read-only tree %s", how);
	fd = (int)tried(what, open(path, O_CREAT | O_WRONLY, 0600));
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

static void remount(void)
{
	enum { REMOUNT = 32, BIND = 4096 };

	tried_invalid("remount read-write", syscall(SYS_mount, NULL, need("readonly"), NULL, REMOUNT | BIND, NULL));
	syscall(SYS_mount, NULL, "/", NULL, REMOUNT | BIND, NULL);
	write_readonly_tree("after a remount");
}

static void remount_as_new_root(void)
{
	if (tried("user and mount namespace", syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS)) == 0)
		remount();
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	in_child("old calls", old_calls);
	in_child("chroot", change_root);
	in_child("new calls", new_calls);
	/* Only below a sandbox: without one "/" is the machine's. */
	if (!fact("native"))
		in_child("remount", remount);
	in_child("remount as new root", remount_as_new_root);
	return verdict();
}
