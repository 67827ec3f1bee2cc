/* SPDX-License-Identifier: MIT */
/*
 * Names for a file outside: absolute, through "..", through symbolic links made
 * before and during the run, through hard links, spelled oddly. (peers.md: symlink
 * and mount races, name spelling; original-dune.md bug 11.) Success: the secret's
 * contents are read, or a hard link to it exists in the working directory.
 */
#include <linux/openat2.h>
#include "escape.h"

static const char *secret;

static void spellings(void)
{
	char path[8192];

	tried_reading("absolute path", open(secret, O_RDONLY));
	snprintf(path, sizeof(path), "//%s", secret);
	tried_reading("doubled slash", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/tmp/../%s", secret);
	tried_reading("through /tmp/..", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "../../../../../../../../../../../..%s", secret);
	tried_reading("relative ..", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/dev/fd/../cwd/../../../../../../..%s", secret);
	tried_reading("through /dev/fd", open(path, O_RDONLY));
	tried_reading("beside the working directory", open("../sibling", O_RDONLY));
	tried_reading("in HOME", open("../.ssh/id_rsa", O_RDONLY));
	/* The kernel compares the id of the caller, not the name, when it creates. */
	tried_reading("O_CREAT", open(secret, O_RDONLY | O_CREAT, 0600));
	tried_reading("creat(2) kept open for reading", open(secret, O_RDWR | O_CREAT, 0600));
}

static void symlinks(void)
{
	char path[8192];

	tried_reading("symlink planted before", open("planted-link", O_RDONLY));
	tried_reading("directory symlink planted before", open("planted-directory/secret", O_RDONLY));
	unlink("made-link");
	if (symlink(secret, "made-link") == 0)
		tried_reading("symlink made inside", open("made-link", O_RDONLY));
	unlink("made-root");
	if (symlink("/proc/self/root", "made-root") == 0) {
		snprintf(path, sizeof(path), "made-root%s", secret);
		tried_reading("symlink to a magic link", open(path, O_RDONLY));
	}
	unlink("/tmp/made-link");
	if (symlink(secret, "/tmp/made-link") == 0)
		tried_reading("symlink in /tmp", open("/tmp/made-link", O_RDONLY));
	unlink("/tmp/made-link");
}

static void links(void)
{
	int fd;

	if (tried("link(2) to the secret", link(secret, "hard-1")) == 0)
		unlink("hard-1");
	if (linkat(AT_FDCWD, "planted-link", AT_FDCWD, "hard-2", AT_SYMLINK_FOLLOW) == 0) {
		tried_reading("linkat following a symlink", open("hard-2", O_RDONLY));
		unlink("hard-2");
	} else {
		refused("linkat following a symlink: %s", strerrorname_np(errno));
	}
	fd = open(secret, O_PATH);
	tried("O_PATH to the secret", fd);
	if (fd >= 0) {
		if (tried("linkat of an O_PATH descriptor", linkat(fd, "", AT_FDCWD, "hard-3", AT_EMPTY_PATH)) == 0)
			unlink("hard-3");
		close(fd);
	}
}

static void other_calls(void)
{
	struct open_how how = { .flags = O_RDONLY };
	struct stat status;

	tried_reading("openat2", (int)syscall(SYS_openat2, AT_FDCWD, secret, &how, sizeof(how)));
	how.resolve = RESOLVE_IN_ROOT;
	tried_reading("openat2 in root", (int)syscall(SYS_openat2, AT_FDCWD, secret, &how, sizeof(how)));
	tried("stat", stat(secret, &status));
	tried("access", access(secret, F_OK));
	tried("chdir", chdir(need("outside")));
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	secret = need("secret");
	spellings();
	symlinks();
	links();
	other_calls();
	return verdict();
}
