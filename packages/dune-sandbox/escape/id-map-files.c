/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc/self that give privilege by being written: the id maps, the audit
 * identity, the out-of-memory score, security labels; and newuidmap, the set-uid
 * program that writes maps for others. (issue: writing /proc/self/uid_map.)
 * Success: a write is accepted. What is written is what is there, or harmless.
 */
#include <sched.h>
#include "escape.h"

static void write_file(const char *path, const char *text)
{
	char what[128];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long result = fd < 0 ? -1 : write(fd, text, strlen(text));

	snprintf(what, sizeof(what), "writing %s", path);
	tried(what, result);
	if (fd >= 0)
		close(fd);
}

static void files(void)
{
	write_file("/proc/self/uid_map", "0 0 4294967295\n");
	write_file("/proc/self/gid_map", "0 0 4294967295\n");
	write_file("/proc/1/uid_map", "0 0 4294967295\n");
	write_file("/proc/self/oom_score_adj", "-1000\n");
	write_file("/proc/self/timens_offsets", "monotonic 1 0\n");
	write_file("/proc/self/attr/exec", "unconfined\n");
}

/*
 * projid_map is left out: anyone may write it, and it changes nothing, because
 * project ids can only be set from the initial namespace.
 *
 * In a namespace of one's own the map may be written once: then one is
 * root there.
 */
static void new_namespace(void)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1\n", getuid());
	if (tried("new user namespace", unshare(CLONE_NEWUSER)) == 0)
		write_file("/proc/self/uid_map", map);
}

static void helper(void)
{
	char pid[16];

	if (access("/usr/bin/newuidmap", X_OK) < 0) {
		skipped("no newuidmap");
		return;
	}
	snprintf(pid, sizeof(pid), "%d", getppid());
	switch (fork()) {
	case 0:
		execl("/usr/bin/newuidmap", "newuidmap", pid, "0", "0", "1", NULL);
		_exit(1);
	default: {
		int status = -1;

		wait(&status);
		errno = EPERM;
		tried("newuidmap", status == 0 ? 0 : -1);
	}
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	in_child("files", files);
	in_child("new namespace", new_namespace);
	in_child("newuidmap", helper);
	return verdict();
}
