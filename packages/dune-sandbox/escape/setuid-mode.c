/* SPDX-License-Identifier: MIT */
/*
 * Make a set-uid or set-gid file in the working directory, which the host sees: it
 * waits there for someone to run it outside. Every call that takes a mode is
 * tried. (sandbox.md: setuid/setgid modes in chmod/open/creat/mkdir/mknod.)
 * Success: a file or directory has the bit afterwards.
 */
#include <linux/openat2.h>
#include <sys/xattr.h>
#include "escape.h"

#define NAME "set-id-file"

static void look(const char *call)
{
	struct stat status;

	if (stat(NAME, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)))
		escaped("%s left mode %o", call, status.st_mode & 07777);
	else
		refused("%s", call);
	unlink(NAME);
	rmdir(NAME);
}

static void keep(long fd)
{
	if (fd >= 0)
		close((int)fd);
}

static void creations(mode_t mode)
{
	struct open_how how = { .flags = O_CREAT | O_WRONLY, .mode = mode };
	char link[64];
	int fd;

	keep(syscall(SYS_open, NAME, O_CREAT | O_WRONLY, mode));
	look("open");
	keep(syscall(SYS_openat, AT_FDCWD, NAME, O_CREAT | O_WRONLY, mode));
	look("openat");
	keep(syscall(SYS_openat, AT_FDCWD, NAME, O_CREAT | O_WRONLY | 1ul << 32, mode | 1ul << 32));
	look("openat with the upper halves set");
	keep(syscall(SYS_openat2, AT_FDCWD, NAME, &how, sizeof(how)));
	look("openat2");
	keep(syscall(SYS_creat, NAME, mode));
	look("creat");
	syscall(SYS_mknod, NAME, S_IFREG | mode, 0);
	look("mknod");
	syscall(SYS_mknodat, AT_FDCWD, NAME, S_IFREG | mode, 0);
	look("mknodat");
	syscall(SYS_mkdir, NAME, mode);
	look("mkdir");
	syscall(SYS_mkdirat, AT_FDCWD, NAME, mode);
	look("mkdirat");
	fd = (int)syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, mode);
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (linkat(AT_FDCWD, link, AT_FDCWD, NAME, AT_SYMLINK_FOLLOW) < 0)
			refused("linkat of O_TMPFILE: %s", strerrorname_np(errno));
		close(fd);
	}
	look("O_TMPFILE");
}

static void changes(mode_t mode)
{
	int fd;

#define CHANGE(name, call) \
	do { \
		fd = open(NAME, O_CREAT | O_RDWR, 0755); \
		call; \
		close(fd); \
		look(name); \
	} while (0)
	CHANGE("chmod", syscall(SYS_chmod, NAME, mode));
	CHANGE("chmod with the upper half set", syscall(SYS_chmod, NAME, mode | 1ul << 32));
	CHANGE("fchmod", syscall(SYS_fchmod, fd, mode));
	CHANGE("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, NAME, mode));
	CHANGE("fchmodat2", syscall(452, AT_FDCWD, NAME, mode, 0));
	CHANGE("fchmodat2 of an empty path", syscall(452, fd, "", mode, AT_EMPTY_PATH));
#undef CHANGE
}

/* The modern form of the same thing: VFS_CAP_REVISION_2 with every capability permitted and effective. */
static void file_capabilities(void)
{
	static const unsigned char every[20] = {
		1, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0,
	};

	close(open(NAME, O_CREAT | O_WRONLY, 0755));
	tried("file capabilities", setxattr(NAME, "security.capability", every, sizeof(every), 0));
	unlink(NAME);
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	umask(0);
	creations(04755);
	creations(02755);
	changes(04755);
	changes(02755);
	file_capabilities();
	return verdict();
}
