/* SPDX-License-Identifier: MIT */
/*
 * Every call that changes a file or a directory, tried on a read-only tree
 * (readonly=) and on one that should not even be there (outside=): also opens that
 * look like reads (O_RDONLY with O_TRUNC or O_CREAT), and changes through a
 * descriptor that was opened for reading. (peers.md: read-only open that honours
 * O_CREAT/O_TRUNC, fcntl without the write check.) Success: one of them works.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include "escape.h"

static const char *tree;

/* "<tree>/<name>"; two may be in use at once. */
static const char *in(const char *name)
{
	static char path[2][4096];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", tree, name);
	return path[turn];
}

static long way(const char *call, long result)
{
	char what[4200];

	snprintf(what, sizeof(what), "%s in %s", call, tree);
	return tried(what, result);
}

static void opens(void)
{
	static const struct { const char *name; int flags; } variants[] = {
		{ "O_WRONLY", O_WRONLY }, { "O_RDWR", O_RDWR }, { "O_RDONLY|O_TRUNC", O_RDONLY | O_TRUNC },
		{ "O_APPEND", O_WRONLY | O_APPEND },
	};
	int fd;

	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		fd = (int)way(variants[i].name, open(in("file"), variants[i].flags));
		if (fd >= 0)
			close(fd);
	}
	fd = (int)way("O_RDONLY|O_CREAT", open(in("created"), O_RDONLY | O_CREAT, 0600));
	if (fd >= 0)
		close(fd);
	unlink(in("created"));
	fd = (int)way("O_TMPFILE", open(tree, O_TMPFILE | O_WRONLY, 0600));
	if (fd >= 0)
		close(fd);
}

static void names(void)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	way("mkdir", mkdir(in("directory"), 0700));
	rmdir(in("directory"));
	way("symlink", symlink("x", in("symlink")));
	unlink(in("symlink"));
	way("mknod of a fifo", mknod(in("fifo"), S_IFIFO | 0600, 0));
	unlink(in("fifo"));
	way("link into", link("mine", in("linked")));
	unlink(in("linked"));
	way("link out of", link(in("file"), "linked-out"));
	unlink("linked-out");
	if (way("rename into", rename("mine", in("renamed"))) == 0)
		rename(in("renamed"), "mine");
	if (way("rename out of", rename(in("file"), "renamed-out")) == 0)
		rename("renamed-out", in("file"));
	if (way("renameat2 exchange", renameat2(AT_FDCWD, "mine", AT_FDCWD, in("file"), RENAME_EXCHANGE)) == 0)
		renameat2(AT_FDCWD, "mine", AT_FDCWD, in("file"), RENAME_EXCHANGE);
	if (way("renameat2 within", renameat2(AT_FDCWD, in("file"), AT_FDCWD, in("file2"), RENAME_NOREPLACE)) == 0)
		rename(in("file2"), in("file"));
	way("unlink", unlink(in("spare")));
	way("unlinkat of a directory", unlinkat(AT_FDCWD, in("spare-directory"), AT_REMOVEDIR));
}

static void attributes(void)
{
	way("truncate", truncate(in("file"), 3));
	way("chmod", chmod(in("file"), 0640));
	way("fchmodat2", syscall(452, AT_FDCWD, in("file"), 0644, 0));
	way("chown", chown(in("file"), getuid(), getgid()));
	way("lchown", lchown(in("file"), (uid_t)-1, (gid_t)-1));
	way("utimensat", utimensat(AT_FDCWD, in("file"), NULL, 0));
	way("utimes", utimes(in("file"), NULL));
	way("setxattr", setxattr(in("file"), "user.dune", "x", 1, 0));
	way("lremovexattr", lremovexattr(in("file"), "user.planted"));
	way("chmod of the tree", chmod(tree, 0755));
}

/* The open is allowed; what is done with it must not be more than reading. */
static void read_descriptor(void)
{
	char link[64];
	int again, fd = open(in("file"), O_RDONLY), flags = 0;
	void *map;

	if (fd < 0) {
		refused("reading %s: %s", tree, strerrorname_np(errno));
		return;
	}
	way("ftruncate of a read descriptor", ftruncate(fd, 3));
	way("fchmod of a read descriptor", fchmod(fd, 0644));
	way("fchown of a read descriptor", fchown(fd, getuid(), getgid()));
	way("futimens of a read descriptor", futimens(fd, NULL));
	way("fsetxattr of a read descriptor", fsetxattr(fd, "user.dune", "x", 1, 0));
	way("fallocate of a read descriptor", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4096));
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0)
		way("FS_IOC_SETFLAGS", ioctl(fd, FS_IOC_SETFLAGS, &flags));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = (int)way("reopening a read descriptor for writing", open(link, O_RDWR));
	if (again >= 0)
		close(again);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		way("mprotect of a shared mapping", mprotect(map, 4096, PROT_READ | PROT_WRITE));
	close(fd);
}

static void everything(const char *where)
{
	tree = where;
	opens();
	names();
	attributes();
	read_descriptor();
}

int main(int argc, char **argv)
{
	static const char *const system[] = { "/usr", "/usr/bin", "/usr/local", "/etc", "/opt", "/proc", "/sys" };

	(void)argc;
	begin(argv);
	everything(need("readonly"));
	everything(need("outside"));
	for (size_t i = 0; i < sizeof(system) / sizeof(*system); i++) {
		tree = system[i];
		way("mkdir", mkdir(in("dune-escape"), 0700));
		rmdir(in("dune-escape"));
	}
	return verdict();
}
