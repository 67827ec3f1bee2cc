/* SPDX-License-Identifier: MIT */
/*
 * Doors into rarely used kernel code, and calls for whoever administers the
 * machine: no ordinary program needs them, many exploits began with them.
 * (sandbox.md, default seccomp profile; peers.md: io_uring must be refused with
 * an errno and never by killing, because Node probes for it.) Each in a child.
 * Arguments are harmless: those marked "invalid" would be refused after the
 * permission was granted. Success: the call is let through.
 */
#include <linux/bpf.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include "escape.h"

static char page[4096];
/* struct file_handle of a plausible size: an empty one is refused before the permission is looked at. */
static struct { unsigned bytes; int type; char handle[8]; } file_handle = { 8, 1, "" };
static const char user_key[] = "user", key_name[] = "dune-escape", empty[] = "";

static struct call {
	const char *name;
	long number, arguments[6];
	int invalid;
} calls[] = {
	{ "userfaultfd", SYS_userfaultfd, { O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */ }, 0 },
	{ "keyctl get session keyring", SYS_keyctl, { KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0 }, 1 },
	{ "keyctl join session keyring", SYS_keyctl, { KEYCTL_JOIN_SESSION_KEYRING, 0 }, 0 },
	{ "add_key", SYS_add_key, { (long)user_key, (long)key_name, (long)key_name, 4, KEY_SPEC_PROCESS_KEYRING }, 0 },
	{ "request_key", SYS_request_key, { (long)user_key, (long)key_name, 0, 0 }, 1 },
	{ "name_to_handle_at", SYS_name_to_handle_at, { AT_FDCWD, (long)".", (long)page, (long)(page + 512), 0 }, 1 },
	{ "open_by_handle_at", SYS_open_by_handle_at, { AT_FDCWD, (long)&file_handle, 0 }, 1 },
	{ "modify_ldt read", SYS_modify_ldt, { 0, (long)page, sizeof(page) }, 0 },
	{ "iopl", SYS_iopl, { 3 }, 0 },
	{ "ioperm", SYS_ioperm, { 0x80, 1, 1 }, 0 },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, -1 }, 1 },
	{ "kexec_file_load", SYS_kexec_file_load, { -1, -1, 0, 0, -1 }, 1 },
	{ "init_module", SYS_init_module, { (long)page, 4, (long)empty }, 1 },
	{ "finit_module", SYS_finit_module, { -1, (long)empty, 0 }, 1 },
	{ "delete_module", SYS_delete_module, { (long)"dune-no-such-module", O_NONBLOCK }, 1 },
	{ "reboot with wrong magic numbers", SYS_reboot, { 1, 2, 3, 0 }, 1 },
	{ "swapon of nothing", SYS_swapon, { (long)empty, 0 }, 1 },
	{ "swapoff of nothing", SYS_swapoff, { (long)empty }, 1 },
	{ "acct on nothing", SYS_acct, { (long)"/dune-no-such-file/x" }, 1 },
	{ "quotactl", SYS_quotactl, { 0x80000700 /* Q_GETINFO */, (long)empty, 0, (long)page }, 1 },
	{ "syslog size of the kernel log", SYS_syslog, { 10, 0, 0 }, 0 },
	{ "syslog read", SYS_syslog, { 3, (long)page, 64 }, 0 },
	{ "fanotify_init", SYS_fanotify_init, { 0, O_RDONLY }, 0 },
	{ "move_pages", SYS_move_pages, { 0, 0, 0, 0, 0, 0 }, 0 },
	{ "migrate_pages", SYS_migrate_pages, { 0, 8, (long)page, (long)page }, 0 },
	{ "lookup_dcookie", SYS_lookup_dcookie, { 0, (long)page, 64 }, 1 },
	{ "_sysctl", SYS__sysctl, { (long)page }, 1 },
	{ "uselib", SYS_uselib, { (long)"/usr/lib/x" }, 1 },
	{ "nfsservctl", SYS_nfsservctl, { 0 }, 1 },
	{ "sethostname of the same length", SYS_sethostname, { (long)empty, -1 }, 1 },
	{ "setdomainname", SYS_setdomainname, { (long)empty, -1 }, 1 },
	{ "process_madvise", SYS_process_madvise, { -1, 0, 0, 4, 0 }, 1 },
	{ "pidfd_getfd", SYS_pidfd_getfd, { -1, 0, 0 }, 1 },
	{ "open_tree_attr", 467, { -1, 0, 0, 0, 0 }, 1 },
};

static struct call *current;

static void try_current(void)
{
	const long *a = current->arguments;
	long result = syscall(current->number, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (current->invalid)
		tried_invalid(current->name, result);
	else
		tried(current->name, result);
}

static void io_uring(void)
{
	/* struct io_uring_params is 120 bytes and may be all zero. */
	memset(page, 0, sizeof(page));
	tried("io_uring_setup", syscall(SYS_io_uring_setup, 1, page));
	tried_invalid("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, 0, 0));
	tried_invalid("io_uring_register", syscall(SYS_io_uring_register, -1, 0, 0, 0));
}

static void bpf(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1,
	};

	tried("bpf map", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static void compare(void)
{
	tried("kcmp", syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 0, 0));
}

static void perf(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attributes), .config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1, .exclude_hv = 1,
	};

	tried("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static void clocks(void)
{
	struct timezone zone = { 0, 0 };
	struct timex state = { 0 };

	syscall(SYS_gettimeofday, NULL, &zone);
	tried("settimeofday of the same time zone", syscall(SYS_settimeofday, NULL, &zone));
	adjtimex(&state);
	state.modes = ADJ_STATUS;
	tried("adjtimex of the same status", adjtimex(&state));
	state.modes = ADJ_STATUS;
	tried("clock_adjtime of the same status", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &state));
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	for (current = calls; current < calls + sizeof(calls) / sizeof(*calls); current++)
		in_child(current->name, try_current);
	in_child("io_uring", io_uring);
	in_child("bpf", bpf);
	in_child("kcmp", compare);
	in_child("perf_event_open", perf);
	in_child("clocks", clocks);
	return verdict();
}
