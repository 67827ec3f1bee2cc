/* SPDX-License-Identifier: MIT */
/*
 * What the program holds when it starts, and what it can win back: capabilities,
 * other ids, groups, and the switches that were thrown to take them away.
 * (sandbox.md: no capabilities, bounding set, securebits, no_new_privs.)
 * Success: a capability is there or a switch goes back.
 */
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "escape.h"

static void held_capabilities(void)
{
	char line[256], what[300];
	FILE *file = fopen("/proc/self/status", "re");

	if (!file) {
		skipped("no /proc/self/status");
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "Cap", 3) == 0 && strtoull(line + 8, NULL, 16) != 0)
			escaped("%s", line);
		else if (strncmp(line, "Cap", 3) == 0)
			refused("%s", line);
		snprintf(what, sizeof(what), "%s", line);
		if (strncmp(what, "NoNewPrivs:\t0", 13) == 0 || strncmp(what, "Seccomp:\t0", 10) == 0)
			escaped("%s", what);
	}
	fclose(file);
}

static void raise_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { ~0u, ~0u, 0 }, { 0x1ff, 0x1ff, 0 } };

	tried("capset of everything", syscall(SYS_capset, &header, data));
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = 1u << CAP_DAC_OVERRIDE;
	tried("capset of CAP_DAC_OVERRIDE", syscall(SYS_capset, &header, data));
	tried("ambient CAP_NET_RAW", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
	tried("securebits", prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0));
}

static void other_ids(void)
{
	static const uid_t ids[] = { 0, 1, 1234, 65534 };
	gid_t groups[] = { 0, 6 /* disk */ };
	char what[64];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		if (ids[i] == getuid())
			continue;
		snprintf(what, sizeof(what), "setresuid %u", ids[i]);
		tried(what, syscall(SYS_setresuid, -1, ids[i], -1));
		if (ids[i] == getgid())
			continue;
		snprintf(what, sizeof(what), "setresgid %u", ids[i]);
		tried(what, syscall(SYS_setresgid, -1, ids[i], -1));
	}
	tried("setgroups", setgroups(2, groups));
	setfsuid(4321);
	if (setfsuid((uid_t)-1) == 4321)
		escaped("setfsuid");
	else
		refused("setfsuid");
}

static void switches(void)
{
	tried("no_new_privs off", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	tried("seccomp off", prctl(PR_SET_SECCOMP, 0, 0, 0, 0));
	tried("PR_SET_MM", prctl(PR_SET_MM, PR_SET_MM_ARG_START, (unsigned long)notes, 0, 0));
	tried("negative nice value", setpriority(PRIO_PROCESS, 0, -5));
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	held_capabilities();
	in_child("capabilities", raise_capabilities);
	in_child("ids", other_ids);
	in_child("switches", switches);
	return verdict();
}
