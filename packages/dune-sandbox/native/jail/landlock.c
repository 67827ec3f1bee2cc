/* SPDX-License-Identifier: MIT */
/*
 * landlock.c - the same grants once more, enforced by another part of the kernel
 * (landlock(7)). Where there is no mount namespace it is the only wall for files.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/landlock.h>

#include "jail.h"

static void add_rule(int ruleset, const struct rule *rule, uint64_t handled)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rule->access & handled };
	int error;

	if (!beneath.allowed_access)
		return;
	beneath.parent_fd = open(rule->path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		fail(LAYER_LANDLOCK, errno, "open", rule->path);
	error = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
	if (error < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_add_rule", rule->path);
}

/* The newest ABI that both the kernel and the plan know. */
static int common_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_create_ruleset", "");
	if (abi > PLAN_MAX_ABI)
		abi = PLAN_MAX_ABI;
	while (abi > 0 && !plan.landlock[abi].fs)
		abi--;
	return (int)abi;
}

void landlock_restrict(void)
{
	const struct landlock *attr;
	size_t size;
	int ruleset, abi;

	if (!(plan.layers & LAYER_LANDLOCK))
		return;
	abi = common_abi();
	if (!abi)
		fail(LAYER_LANDLOCK, ENOTSUP, "landlock", "of this kernel is too old for the plan");
	attr = &plan.landlock[abi];
	/* The structure has grown with the ABI; an old kernel takes no more than it knows. */
	size = abi >= 6 ? sizeof *attr : abi >= 4 ? offsetof(struct landlock, scoped) : offsetof(struct landlock, net);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, attr, size, 0);
	if (ruleset < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_create_ruleset", "");
	for (size_t i = 0; i < plan.nrules; i++)
		add_rule(ruleset, &plan.rules[i], attr->fs);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_restrict_self", "");
	close(ruleset);
	shared->landlock_abi = abi;
}
