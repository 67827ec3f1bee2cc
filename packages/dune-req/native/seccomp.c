/* SPDX-License-Identifier: MIT */
/*
 * seccomp.c - installs a filter and makes the call it refuses; then one whose refusals
 * are decided by another process, which is how denials are explained.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include "probe.h"

/* A call that nothing needs, and errnos that it never returns by itself. */
#define PROBED SYS_getppid
#define REFUSAL EXDEV
#define ANSWER EMLINK

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1 /* Linux 5.5 */
#endif

/* Refuse PROBED by `action`, allow everything else; returns what seccomp(2) returns. */
static int install(uint32_t action, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROBED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

void try_seccomp(void)
{
	if (report_step("seccomp", install(SECCOMP_RET_ERRNO | REFUSAL, 0)) < 0)
		return;
	int refused = syscall(PROBED) < 0 && errno == REFUSAL;
	errno = EPROTO;
	report_step("seccomp_holds", refused ? 0 : -1);
}

/* The supervised side. Its descriptors are shared, so the listener needs no handing over. */
static void be_supervised(int ready, pid_t supervisor)
{
	int listener = install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);

	report_step("notify", listener);
	if (write(ready, &listener, sizeof listener) != sizeof listener || listener < 0)
		_exit(1);
	int refused = syscall(PROBED) < 0 && errno == ANSWER;
	errno = EPROTO;
	report_step("notify_refuses", refused ? 0 : -1);
	int continued = syscall(PROBED) == supervisor;
	errno = EPROTO;
	report_step("notify_continues", continued ? 0 : -1);
	_exit(0);
}

/* Answer one notified call: with an errno, or by letting the kernel go on. */
static int answer(int listener, int error, uint32_t flags)
{
	struct seccomp_notif call = { 0 };
	struct pollfd wait = { .fd = listener, .events = POLLIN };

	if (poll(&wait, 1, TIME_LIMIT_MS / 2) != 1 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return -1;
	struct seccomp_notif_resp response = { .id = call.id, .error = -error, .flags = flags };
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

void try_notify(void)
{
	int pipes[2], listener = -1, status;
	pid_t self = getpid();

	if (pipe(pipes) < 0) {
		report_step("notify", -1);
		return;
	}
	pid_t child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (child < 0) {
		report_step("notify", -1);
		return;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		limit_time();
		be_supervised(pipes[1], self);
	}
	if (read(pipes[0], &listener, sizeof listener) == sizeof listener && listener >= 0 &&
	    answer(listener, ANSWER, 0) == 0)
		answer(listener, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	/* With the listener gone a call that nobody answered fails with ENOSYS instead of waiting. */
	if (listener >= 0)
		close(listener);
	waitpid(child, &status, 0);
}
