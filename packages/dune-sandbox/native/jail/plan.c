/* SPDX-License-Identifier: MIT */
/* plan.c - parse a plan. Trusts nothing about its bytes; plan.h describes them. */
#include <errno.h>
#include <string.h>

#include "plan.h"

/* What is left of one record's payload. Every take_* either yields or clears `ok`. */
struct payload {
	const uint8_t *at, *end;
	int ok;
};

static void take(struct payload *p, void *into, size_t size)
{
	if (!p->ok || (size_t)(p->end - p->at) < size) {
		p->ok = 0;
		memset(into, 0, size);
		return;
	}
	memcpy(into, p->at, size);
	p->at += size;
}

static uint32_t take_u32(struct payload *p)
{
	uint32_t value;

	take(p, &value, sizeof value);
	return value;
}

static uint64_t take_u64(struct payload *p)
{
	uint64_t value;

	take(p, &value, sizeof value);
	return value;
}

static const char *take_string(struct payload *p)
{
	const uint8_t *nul = p->ok ? memchr(p->at, 0, (size_t)(p->end - p->at)) : NULL;
	const char *text = (const char *)p->at;

	if (!nul) {
		p->ok = 0;
		return "";
	}
	p->at = nul + 1;
	return text;
}

/* The next free element of an array in the plan, or NULL and !ok when it is full. */
#define NEXT(p, array, count) \
	((count) < sizeof(array) / sizeof(array)[0] ? &(array)[(count)++] : ((p)->ok = 0, NULL))

static void parse_string_list(struct payload *p, const char **list, size_t *count)
{
	if (*count >= PLAN_MAX_ARGS)
		p->ok = 0;
	else
		list[(*count)++] = take_string(p);
}

static void parse_mount(struct plan *plan, struct payload *p, uint16_t type, uint16_t flags)
{
	struct mount *mount = NEXT(p, plan->mounts, plan->nmounts);

	if (!mount)
		return;
	*mount = (struct mount){ .type = type, .flags = flags, .tree = -1 };
	if (type == PLAN_TMPFS) {
		mount->size = take_u64(p);
		mount->mode = take_u32(p);
	}
	if (type == PLAN_BIND || type == PLAN_SYMLINK)
		mount->source = take_string(p);
	mount->target = take_string(p);
	if (type == PLAN_FILE) {
		mount->source = (const char *)p->at;
		mount->size = (uint64_t)(p->end - p->at);
		p->at = p->end;
	}
	if (mount->target[0] != '/')
		p->ok = 0;
}

static void parse_landlock(struct plan *plan, struct payload *p, uint16_t abi)
{
	if (abi <= PLAN_MAX_ABI)
		take(p, &plan->landlock[abi], sizeof plan->landlock[abi]);
	else
		p->ok = 0;
}

static void parse_rule(struct plan *plan, struct payload *p)
{
	struct rule *rule = NEXT(p, plan->rules, plan->nrules);

	if (!rule)
		return;
	rule->access = take_u64(p);
	rule->path = take_string(p);
	rule->length = strlen(rule->path);
	if (rule->path[0] != '/')
		p->ok = 0;
}

static void parse_filter(struct plan *plan, struct payload *p)
{
	size_t size = (size_t)(p->end - p->at);

	if (size % sizeof *plan->filter || size > sizeof plan->filter) {
		p->ok = 0;
		return;
	}
	take(p, plan->filter, size);
	plan->nfilter = size / sizeof *plan->filter;
}

/* Whether `index` and what follows, `count` in all, are among the six arguments of a system call. */
static int is_argument(uint8_t index, int count)
{
	return index == NO_ARG || index + count <= 6;
}

static void parse_syscall(struct plan *plan, struct payload *p)
{
	struct plan_syscall call;

	take(p, &call, sizeof call);
	if (call.number >= PLAN_MAX_SYSCALL || !is_argument(call.dir, 1) || !is_argument(call.path, 1) ||
	    !is_argument(call.dir2, 1) || !is_argument(call.path2, 1) || !is_argument(call.openflags, 1) ||
	    !is_argument(call.address, 2)) {
		p->ok = 0;
		return;
	}
	plan->syscalls[call.number] = call;
	plan->supervised[call.number] = 1;
}

static void parse_rlimit(struct plan *plan, struct payload *p)
{
	typeof(&plan->rlimits[0]) rlimit = NEXT(p, plan->rlimits, plan->nrlimits);

	if (!rlimit)
		return;
	rlimit->resource = take_u32(p);
	rlimit->soft = take_u64(p);
	rlimit->hard = take_u64(p);
}

static void parse_relay(struct plan *plan, struct payload *p, uint16_t direction)
{
	struct relay *relay = NEXT(p, plan->relays, plan->nrelays);

	if (!relay)
		return;
	relay->direction = direction;
	take(p, &relay->port, sizeof relay->port);
	take(p, relay->address, sizeof relay->address);
	relay->name = take_string(p);
	relay->listener = -1;
	if (direction > RELAY_IN)
		p->ok = 0;
}

static void parse_name(struct plan *plan, struct payload *p)
{
	struct name *name = NEXT(p, plan->names, plan->nnames);

	if (!name)
		return;
	take(p, name->address, sizeof name->address);
	name->name = take_string(p);
}

static void parse_record(struct plan *plan, uint16_t type, uint16_t arg, struct payload *p)
{
	const char **cgroup;

	switch (type) {
	case PLAN_ARG: parse_string_list(p, plan->argv, &plan->argc); break;
	case PLAN_ENV: parse_string_list(p, plan->envp, &plan->envc); break;
	case PLAN_CWD: plan->cwd = take_string(p); break;
	case PLAN_EXEC: plan->exec = take_string(p); break;
	case PLAN_LAYERS: plan->layers = take_u32(p); break;
	case PLAN_ID: take(p, &plan->id, sizeof plan->id); break;
	case PLAN_HOSTNAME: plan->hostname = take_string(p); break;
	case PLAN_BIND:
	case PLAN_TMPFS:
	case PLAN_SYMLINK:
	case PLAN_FILE: parse_mount(plan, p, type, arg); break;
	case PLAN_LANDLOCK: parse_landlock(plan, p, arg); break;
	case PLAN_RULE: parse_rule(plan, p); break;
	case PLAN_FILTER: parse_filter(plan, p); break;
	case PLAN_SYSCALL: parse_syscall(plan, p); break;
	case PLAN_RLIMIT: parse_rlimit(plan, p); break;
	case PLAN_CGROUP:
		cgroup = NEXT(p, plan->cgroups, plan->ncgroups);
		if (cgroup)
			*cgroup = take_string(p);
		break;
	case PLAN_LIMITS: take(p, &plan->limits, sizeof plan->limits); break;
	case PLAN_RELAYDIR: plan->relaydir = take_string(p); break;
	case PLAN_RELAY: parse_relay(plan, p, arg); break;
	case PLAN_NAME: parse_name(plan, p); break;
	case PLAN_TERMINAL: plan->terminal = arg; break;
	default: p->ok = 0;
	}
}

int plan_parse(struct plan *plan, const void *bytes, size_t length)
{
	const uint8_t *at = bytes, *end = at + length;

	while (at < end) {
		struct plan_record record;
		struct payload payload;

		if ((size_t)(end - at) < sizeof record)
			return -EBADMSG;
		memcpy(&record, at, sizeof record);
		at += sizeof record;
		if (record.size > (size_t)(end - at))
			return -EBADMSG;
		payload = (struct payload){ at, at + record.size, 1 };
		parse_record(plan, record.type, record.arg, &payload);
		if (!payload.ok || payload.at != payload.end)
			return -EBADMSG;
		at += record.size;
	}
	if (!plan->argc || !plan->exec || !plan->cwd)
		return -EBADMSG;
	if ((plan->nrelays || plan->nnames) && !plan->relaydir)
		return -EBADMSG;
	return 0;
}
