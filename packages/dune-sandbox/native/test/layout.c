/* SPDX-License-Identifier: MIT */
/* layout.c - prints what the compiler makes of plan.h, as JSON: sizes, offsets and constants. */
#include <stdio.h>

#include "../jail/plan.h"

#define SIZE(type) printf("\"sizeof %s\":%zu,", #type, sizeof(struct type))
#define AT(type, field) printf("\"%s.%s\":%zu,", #type, #field, offsetof(struct type, field))
#define VALUE(name) printf("\"%s\":%llu,", #name, (unsigned long long)(name))

static void structures(void)
{
	SIZE(plan_header); AT(plan_header, magic); AT(plan_header, version); AT(plan_header, length);
	SIZE(plan_record); AT(plan_record, type); AT(plan_record, arg); AT(plan_record, size);
	SIZE(plan_syscall); AT(plan_syscall, access); AT(plan_syscall, access2);
	SIZE(id_map);
	SIZE(control); AT(control, op); AT(control, arg);
	SIZE(report); AT(report, type); AT(report, arg); AT(report, size);
	SIZE(report_denied); SIZE(report_exit);
}

static void constants(void)
{
	VALUE(JAIL_FD); VALUE(PLAN_MAGIC); VALUE(PLAN_VERSION); VALUE(NO_ARG); VALUE(CONTROL_SIGNAL);
	VALUE(PLAN_MAX_ARGS); VALUE(PLAN_MAX_MOUNTS); VALUE(PLAN_MAX_RULES); VALUE(PLAN_MAX_RLIMITS);
	VALUE(PLAN_MAX_RELAYS); VALUE(PLAN_MAX_NAMES); VALUE(PLAN_MAX_CGROUPS); VALUE(PLAN_MAX_FILTER);
	VALUE(PLAN_MAX_SYSCALL); VALUE(PLAN_MAX_ABI);
	VALUE(LAYER_USER); VALUE(LAYER_MOUNT); VALUE(LAYER_PID); VALUE(LAYER_NET); VALUE(LAYER_IPC); VALUE(LAYER_UTS);
	VALUE(LAYER_CGROUP); VALUE(LAYER_LANDLOCK); VALUE(LAYER_SECCOMP); VALUE(LAYER_SUPERVISOR);
	VALUE(BIND_READONLY); VALUE(BIND_NOEXEC); VALUE(BIND_IDMAP); VALUE(BIND_DEVICE); VALUE(BIND_OVERLAY);
}

int main(void)
{
	printf("{");
	structures();
	constants();
	printf("\"little-endian\":%d}\n", *(const char *)&(const int){ 1 });
	return 0;
}
