/* SPDX-License-Identifier: MIT */
/*
 * Change a system call after the filter has judged it: a tracer rewrites the number
 * at entry or at a RET_TRACE stop, or the program installs a filter and a listener
 * of its own that answers instead of the sandbox's. (sandbox.md: ptrace is allowed
 * inside; peers.md: a denial overwritten later.) unshare(CLONE_NEWUSER) is what a
 * confined process may not do. Success: it is done.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include "escape.h"

enum { DONE = 40, REFUSED = 41 };

/* RET on getppid, ALLOW on everything else. */
static long install(unsigned on_getppid, unsigned on_unshare, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 2, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, on_getppid),
		BPF_STMT(BPF_RET | BPF_K, on_unshare),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* getppid; the tracer turns it into unshare(CLONE_NEWUSER). */
static void tracee(int with_filter)
{
	long result;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (with_filter && install(SECCOMP_RET_TRACE, SECCOMP_RET_ALLOW, 0) < 0)
		_exit(1);
	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_getppid), "D"(CLONE_NEWUSER) : "rcx", "r11", "memory");
	_exit(result == 0 ? DONE : REFUSED);
}

static void rewrite(const char *what, int with_filter)
{
	struct user_regs_struct registers;
	int status, request = with_filter ? PTRACE_CONT : PTRACE_SYSCALL;
	pid_t pid = fork();

	if (pid == 0)
		tracee(with_filter);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		refused("%s: ptrace is refused", what);
		return;
	}
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	while (ptrace(request, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 && registers.orig_rax == SYS_getppid) {
			registers.orig_rax = SYS_unshare;
			ptrace(PTRACE_SETREGS, pid, NULL, &registers);
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == DONE)
		escaped("%s", what);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
		refused("%s: the changed call was judged again", what);
	else
		skipped("%s: status %x", what, status);
}

static void allowing_filter(void)
{
	if (install(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, 0) < 0) {
		refused("own filter: %s", strerrorname_np(errno));
		return;
	}
	tried("unshare after an own allowing filter", unshare(CLONE_NEWUSER));
}

static void own_listener(void)
{
	int listener = (int)install(SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	pid_t pid;
	int status;

	if (listener < 0) {
		refused("own listener: %s", strerrorname_np(errno));
		return;
	}
	pid = fork();
	if (pid == 0) {
		alarm(2);
		_exit(unshare(CLONE_NEWUSER) == 0 ? DONE : REFUSED);
	}
	/* If the sandbox refuses first, no notification comes: do not wait for one. */
	usleep(50000);
	if (waitpid(pid, &status, WNOHANG) == 0) {
		if (syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, &request) == 0) {
			response.id = request.id;
			syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
		}
		waitpid(pid, &status, 0);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == DONE)
		escaped("own listener let unshare through");
	else
		refused("own listener");
}

static void by_tracer(void)
{
	rewrite("call rewritten at its entry stop", 0);
	rewrite("call rewritten at a RET_TRACE stop", 1);
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	in_child("tracer", by_tracer);
	in_child("own filter", allowing_filter);
	in_child("own listener", own_listener);
	return verdict();
}
