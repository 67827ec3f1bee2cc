/* SPDX-License-Identifier: MIT */
/* program.c - the last steps before execve(): every right is given up, in this order. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail.h"

#define FILTER_WAIT_KILLABLE_RECV (1u << 5) /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19 */

static void set_rlimits(void)
{
	for (size_t i = 0; i < plan.nrlimits; i++) {
		int resource = (int)plan.rlimits[i].resource;
		struct rlimit limit, now;

		if (getrlimit(resource, &now) < 0)
			fail(NO_LAYER, errno, "getrlimit", "");
		limit.rlim_max = plan.rlimits[i].hard < now.rlim_max ? plan.rlimits[i].hard : now.rlim_max;
		limit.rlim_cur = plan.rlimits[i].soft < limit.rlim_max ? plan.rlimits[i].soft : limit.rlim_max;
		if (setrlimit(resource, &limit) < 0)
			fail(NO_LAYER, errno, "setrlimit", "");
	}
}

/* What the caller ignored or blocked is not the program's to inherit. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static long install_filter(unsigned int flags)
{
	struct sock_fprog program = { (unsigned short)plan.nfilter, plan.filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* The supervisor shares our descriptors, so the number is all it needs. */
static void start_filter(void)
{
	long listener;

	if (!(plan.layers & LAYER_SECCOMP))
		return;
	if (!(plan.layers & LAYER_SUPERVISOR)) {
		if (install_filter(0) < 0)
			fail(LAYER_SECCOMP, errno, "seccomp", "");
		return;
	}
	listener = install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER | FILTER_WAIT_KILLABLE_RECV);
	if (listener < 0 && errno == EINVAL)
		listener = install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (listener < 0)
		fail(LAYER_SUPERVISOR, errno, "seccomp", "listener");
	flag_set(&shared->listener, (int)listener + 1);
}

_Noreturn void program_main(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	terminal_attach();
	set_rlimits();
	if (chdir(plan.cwd) < 0)
		fail(NO_LAYER, errno, "chdir", plan.cwd);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail(LAYER_SECCOMP, errno, "no_new_privs", "");
	landlock_restrict();
	lock_capabilities();
	drop_capabilities();
	reset_signals();
	syscall(SYS_close_range, JAIL_FD, ~0u, CLOSE_RANGE_CLOEXEC);
	start_filter();
	execve(plan.exec, (char *const *)plan.argv, (char *const *)plan.envp);
	shared->exec_error = errno;
	_exit(127);
}
