/* SPDX-License-Identifier: MIT */
/* plan.c - fuzzes plan_parse(): whatever it accepts points into its buffer, and nowhere else. */
#include <errno.h>

#include "check.h"
#include "../jail/plan.h"

static const char *first, *end;

static void check_string(const char *text)
{
	CHECK(text >= first && text < end);
	CHECK(memchr(text, 0, (size_t)(end - text)));
}

static void check_strings(const char *const *list, size_t count, size_t room)
{
	CHECK(count < room);
	for (size_t i = 0; i < count; i++)
		check_string(list[i]);
	CHECK(!list[count]); /* execve(2) goes on until NULL */
}

static void check_mount(const struct mount *mount)
{
	CHECK(mount->type >= PLAN_BIND && mount->type <= PLAN_FILE);
	CHECK(mount->tree == -1);
	check_string(mount->target);
	CHECK(mount->target[0] == '/');
	if (mount->type == PLAN_BIND || mount->type == PLAN_SYMLINK)
		check_string(mount->source);
	if (mount->type == PLAN_FILE)
		CHECK(mount->source > mount->target && mount->source <= end && mount->size <= (size_t)(end - mount->source));
}

static void check_files(const struct plan *plan)
{
	CHECK(plan->nmounts <= PLAN_MAX_MOUNTS && plan->nrules <= PLAN_MAX_RULES);
	for (size_t i = 0; i < plan->nmounts; i++)
		check_mount(&plan->mounts[i]);
	for (size_t i = 0; i < plan->nrules; i++) {
		check_string(plan->rules[i].path);
		CHECK(plan->rules[i].path[0] == '/');
		CHECK(plan->rules[i].length == strlen(plan->rules[i].path));
	}
}

static void check_network(const struct plan *plan)
{
	CHECK(plan->nrelays <= PLAN_MAX_RELAYS && plan->nnames <= PLAN_MAX_NAMES);
	for (size_t i = 0; i < plan->nrelays; i++) {
		check_string(plan->relays[i].name);
		CHECK(plan->relays[i].direction <= RELAY_IN && plan->relays[i].listener == -1);
	}
	for (size_t i = 0; i < plan->nnames; i++)
		check_string(plan->names[i].name);
	if (plan->nrelays || plan->nnames)
		check_string(plan->relaydir);
}

static void check_system_calls(const struct plan *plan)
{
	CHECK(plan->nfilter <= PLAN_MAX_FILTER);
	for (size_t i = 0; i < PLAN_MAX_SYSCALL; i++)
		CHECK(plan->supervised[i] ? plan->syscalls[i].number == i : plan->syscalls[i].number == 0);
}

static void check_plan(const struct plan *plan)
{
	CHECK(plan->argc > 0);
	check_strings(plan->argv, plan->argc, PLAN_MAX_ARGS + 1);
	check_strings(plan->envp, plan->envc, PLAN_MAX_ARGS + 1);
	check_string(plan->exec);
	check_string(plan->cwd);
	if (plan->hostname)
		check_string(plan->hostname);
	CHECK(plan->ncgroups <= PLAN_MAX_CGROUPS && plan->nrlimits <= PLAN_MAX_RLIMITS);
	for (size_t i = 0; i < plan->ncgroups; i++)
		check_string(plan->cgroups[i]);
	check_files(plan);
	check_network(plan);
	check_system_calls(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan plan;
	char *bytes = copy_of(data, size);
	int result;

	memset(&plan, 0, sizeof plan);
	result = plan_parse(&plan, bytes, size);
	CHECK(result == 0 || result == -EBADMSG);
	first = bytes;
	end = bytes + size;
	if (result == 0)
		check_plan(&plan);
	free(bytes);
	return 0;
}
