/* SPDX-License-Identifier: MIT */
/* landlock.c - restricts a child to /dev and sees whether anything else can still be read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "probe.h"

/* landlock(7), spelled out here because headers are often older than kernels. */
enum {
	NR_CREATE_RULESET = 444, NR_ADD_RULE = 445, NR_RESTRICT_SELF = 446,
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	ACCESS_FS_READ_FILE = 1 << 2, ACCESS_FS_READ_DIR = 1 << 3,
};

struct ruleset {
	uint64_t handled_access_fs;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent;
} __attribute__((packed));

static int restrict_to(const char *path)
{
	const struct ruleset handled = { ACCESS_FS_READ_FILE | ACCESS_FS_READ_DIR };
	struct path_beneath rule = { .allowed_access = ACCESS_FS_READ_FILE | ACCESS_FS_READ_DIR };
	int ruleset = syscall(NR_CREATE_RULESET, &handled, sizeof handled, 0);

	if (ruleset < 0)
		return -1;
	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0 || syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : syscall(NR_RESTRICT_SELF, ruleset, 0);
}

/* What is allowed must open, what is not must be refused, and with Landlock's errno. */
static int holds(void)
{
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		return -1;
	int denied = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int right = denied < 0 && errno == EACCES;
	errno = EPROTO;
	return right ? 0 : -1;
}

void try_landlock(void)
{
	int abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);

	if (report_step("landlock", abi) < 0)
		return;
	report_number("landlock_abi", abi);
	if (report_step("landlock_restrict", restrict_to("/dev")) < 0)
		return;
	report_step("landlock_holds", holds());
}
