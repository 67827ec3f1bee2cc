/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc and /sys that change the running kernel or show its memory; one
 * of them, core_pattern, runs a program of the writer's choice as root. They check
 * the writer's uid at open, so a sandbox that keeps the kernel uid 0 lets them
 * through. (sandbox.md: as root the kuid must not stay 0.) Success: one opens.
 * Nothing is written.
 */
#include "escape.h"

static void try_open(const char *path, int flags)
{
	char what[300];
	int fd = open(path, flags | O_CLOEXEC);

	snprintf(what, sizeof(what), "%s %s", flags == O_RDONLY ? "reading" : "writing", path);
	if (fd < 0 && errno == ENOENT) {
		refused("%s: not there", what);
		return;
	}
	tried(what, fd);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	static const char *const writable[] = {
		"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug",
		"/proc/sys/kernel/poweroff_cmd", "/proc/sys/kernel/panic", "/proc/sys/kernel/randomize_va_space",
		"/proc/sys/kernel/ngroups_max", "/proc/sys/vm/drop_caches", "/proc/sys/vm/overcommit_memory",
		"/proc/sys/vm/panic_on_oom", "/proc/sys/fs/suid_dumpable", "/proc/sys/fs/protected_symlinks",
		"/proc/sys/fs/binfmt_misc/register", "/proc/sys/user/max_user_namespaces",
		"/proc/sys/dev/tty/legacy_tiocsti", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger",
		"/proc/irq/default_smp_affinity", "/proc/mtrr", "/proc/scsi/scsi", "/proc/acpi/wakeup",
		"/proc/self/root/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper",
		"/sys/power/state", "/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/module/kernel/parameters/crash_kexec_post_notifiers", "/sys/kernel/profiling",
		"/sys/fs/cgroup/release_agent",
	};
	static const char *const readable[] = {
		"/proc/kcore", "/proc/kmsg", "/proc/vmcore", "/proc/kpageflags",
		"/sys/kernel/debug/tracing", "/sys/kernel/tracing/trace", "/sys/kernel/security/lockdown",
		"/sys/firmware/acpi/tables/DSDT", "/sys/firmware/dmi/tables/DMI",
	};

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(writable) / sizeof(*writable); i++)
		try_open(writable[i], O_WRONLY);
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
		try_open(readable[i], O_RDONLY);
	return verdict();
}
