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

/* Newer kernels take a longer structure than the headers at hand may know. */
struct ruleset_attr {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

static void add_rule(int ruleset, const struct rule *rule)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rule->access };
	int error;

	beneath.parent_fd = open(rule->path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		fail(LAYER_LANDLOCK, errno, "open", rule->path);
	error = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
	if (error < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_add_rule", rule->path);

}

void landlock_restrict(void)
{
	struct ruleset_attr attr = { plan.landlock.fs, plan.landlock.net, plan.landlock.scoped };
	size_t size = attr.scoped ? sizeof attr : attr.handled_access_net ? 16 : 8;
	int ruleset;

	if (!(plan.layers & LAYER_LANDLOCK))
		return;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_create_ruleset", "");
	for (size_t i = 0; i < plan.nrules; i++)
		add_rule(ruleset, &plan.rules[i]);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		fail(LAYER_LANDLOCK, errno, "landlock_restrict_self", "");
	close(ruleset);
}
