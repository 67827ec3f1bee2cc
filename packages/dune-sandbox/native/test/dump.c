/* SPDX-License-Identifier: MIT */
/*
 * dump.c - reads plans from stdin, each a struct plan_header and its records, and
 * prints one line for each: what plan_parse() made of it as JSON, in the words of
 * plan.ts, or `null` if it refused it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jail/plan.h"

static struct plan plan;

static void print_bytes(const char *text, size_t length)
{
	putchar('"');
	for (size_t i = 0; i < length; i++)
		printf(text[i] == '"' || text[i] == '\\' || (unsigned char)text[i] < 0x20 ? "\\u%04x" : "%c", text[i]);
	putchar('"');
}

static void print_string(const char *text)
{
	if (text)
		print_bytes(text, strlen(text));
	else
		printf("null");
}

/* A list of what `element` prints. */
#define LIST(label, count, element) \
	do { \
		printf("\"%s\":[", label); \
		for (size_t i = 0; i < (count); i++) { \
			printf(i ? "," : ""); \
			element; \
		} \
		printf("],"); \
	} while (0)

static void print_pair(const char *first, const char *a, const char *second, const char *b)
{
	printf("\"%s\":", first);
	print_string(a);
	printf(",\"%s\":", second);
	print_string(b);
}

static void print_mount(const struct mount *mount)
{
	printf("{");
	switch (mount->type) {
	case PLAN_BIND:
		print_pair("source", mount->source, "target", mount->target);
		printf(",\"kind\":\"bind\",\"flags\":%u}", mount->flags);
		break;
	case PLAN_TMPFS:
		printf("\"kind\":\"tmpfs\",\"size\":%lu,\"mode\":%u,\"target\":", mount->size, mount->mode);
		print_string(mount->target);
		printf("}");
		break;
	case PLAN_SYMLINK:
		print_pair("text", mount->source, "target", mount->target);
		printf(",\"kind\":\"symlink\"}");
		break;
	case PLAN_FILE:
		printf("\"kind\":\"file\",\"contents\":");
		print_bytes(mount->source, mount->size);
		printf(",\"target\":");
		print_string(mount->target);
		printf("}");
	}
}

static void print_address(const uint8_t address[4])
{
	printf("\"address\":[%u,%u,%u,%u]", address[0], address[1], address[2], address[3]);
}

static void print_relay(const struct relay *relay)
{
	printf("{\"direction\":\"%s\",\"port\":%u,", relay->direction == RELAY_OUT ? "out" : "in", relay->port);
	print_address(relay->address);
	printf(",\"socket\":");
	print_string(relay->name);
	printf("}");
}

static void print_name(const struct name *name)
{
	printf("{\"name\":");
	print_string(name->name);
	printf(",");
	print_address(name->address);
	printf("}");
}

static void print_syscall(const struct plan_syscall *call)
{
	printf("{\"number\":%u,\"error\":%u,\"dir\":%u,\"path\":%u,\"dir2\":%u,\"path2\":%u,\"openflags\":%u,\"address\":%u,"
	       "\"access\":%lu,\"access2\":%lu}",
	       call->number, call->error, call->dir, call->path, call->dir2, call->path2, call->openflags, call->address,
	       call->access, call->access2);
}

static void print_syscalls(void)
{
	const char *comma = "";

	printf("\"syscalls\":[");
	for (size_t i = 0; i < PLAN_MAX_SYSCALL; i++) {
		if (!plan.supervised[i])
			continue;
		printf("%s", comma);
		print_syscall(&plan.syscalls[i]);
		comma = ",";
	}
	printf("],");
}

static void print_filter(void)
{
	printf("\"filter\":\"");
	for (size_t i = 0; i < plan.nfilter * sizeof *plan.filter; i++)
		printf("%02x", ((const uint8_t *)plan.filter)[i]);
	printf("\",");
}

static void print_plan(void)
{
	printf("{");
	LIST("argv", plan.argc, print_string(plan.argv[i]));
	LIST("env", plan.envc, print_string(plan.envp[i]));
	print_pair("cwd", plan.cwd, "exec", plan.exec);
	printf(",");
	print_pair("hostname", plan.hostname, "relayDir", plan.relaydir);
	printf(",\"id\":{\"insideUid\":%u,\"outsideUid\":%u,\"insideGid\":%u,\"outsideGid\":%u,\"count\":%u},",
	       plan.id.inside_uid, plan.id.outside_uid, plan.id.inside_gid, plan.id.outside_gid, plan.id.count);
	LIST("mounts", plan.nmounts, print_mount(&plan.mounts[i]));
	LIST("landlock", PLAN_MAX_ABI + 1, printf("{\"fs\":%lu,\"net\":%lu,\"scoped\":%lu}",
						  plan.landlock[i].fs, plan.landlock[i].net, plan.landlock[i].scoped));
	LIST("rules", plan.nrules, (printf("{\"access\":%lu,\"path\":", plan.rules[i].access), print_string(plan.rules[i].path), printf("}")));
	print_filter();
	print_syscalls();
	LIST("rlimits", plan.nrlimits, printf("{\"resource\":%u,\"soft\":%lu,\"hard\":%lu}",
					     plan.rlimits[i].resource, plan.rlimits[i].soft, plan.rlimits[i].hard));
	LIST("cgroups", plan.ncgroups, print_string(plan.cgroups[i]));
	LIST("relays", plan.nrelays, print_relay(&plan.relays[i]));
	LIST("names", plan.nnames, print_name(&plan.names[i]));
	printf("\"limits\":{\"wall\":%lu,\"cpu\":%lu,\"memory\":%lu,\"written\":%lu,\"tasks\":%lu,\"output\":%lu},",
	       plan.limits.wall_ms, plan.limits.cpu_ms, plan.limits.memory, plan.limits.written, plan.limits.tasks, plan.limits.output);
	printf("\"layers\":%u,\"terminal\":%u}\n", plan.layers, plan.terminal);
}

int main(void)
{
	struct plan_header header;

	while (fread(&header, sizeof header, 1, stdin) == 1) {
		char *bytes = malloc(header.length + 1);

		if (header.magic != PLAN_MAGIC || header.version != PLAN_VERSION || fread(bytes, 1, header.length, stdin) != header.length)
			return 1;
		memset(&plan, 0, sizeof plan);
		if (plan_parse(&plan, bytes, header.length) == 0)
			print_plan();
		else
			puts("null");
		free(bytes);
	}
	return 0;
}
