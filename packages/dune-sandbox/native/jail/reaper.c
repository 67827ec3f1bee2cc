/* SPDX-License-Identifier: MIT */
/*
 * reaper.c - pid 1 of the jail. It builds the mounts, starts the program and
 * waits for everything; its own end is the end of every process inside. Once
 * the program runs it holds no capability and no descriptor but an eventfd.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"

static void tell_helper(void)
{
	static const uint64_t one = 1;

	if (write(shared->events, &one, sizeof one) < 0)
		_exit(125); /* no helper, no run */
}

/* Returns once the program has called execve(): CLONE_VFORK waits for just that. */
static pid_t start_program(void)
{
	int pidfd = -1;
	pid_t pid = spawn_process(CLONE_FILES | CLONE_VFORK, &pidfd);

	if (pid < 0)
		fail(NO_LAYER, errno, "fork", "program");
	if (!pid)
		program_main();
	if (shared->exec_error)
		fail(NO_LAYER, shared->exec_error, "execve", plan.exec);
	shared->program = pidfd;
	return pid;
}

static void keep_only_events(void)
{
	int events = shared->events;

	if (events > 0)
		syscall(SYS_close_range, 0, events - 1, CLOSE_RANGE_UNSHARE);
	syscall(SYS_close_range, events + 1, ~0u, 0);
}

/* getrusage(2) counts what went to storage in blocks of 512 bytes, with all that children inherited from theirs. */
static uint64_t written_by_children(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_CHILDREN, &usage) == 0 ? (uint64_t)usage.ru_oublock * 512 : 0;
}

static _Noreturn void wait_for(pid_t program)
{
	int status;
	pid_t pid;

	flag_wait(&shared->noted);
	for (;;) {
		pid = waitpid(-1, &status, WUNTRACED | __WALL);
		if (pid < 0)
			_exit(125);
		shared->written = written_by_children();
		if (pid != program)
			continue;
		if (!WIFSTOPPED(status))
			break;
		shared->stopped = 1;
		tell_helper();
	}
	shared->status = status;
	shared->finished = 1;
	_exit(0);
}

_Noreturn void reaper_main(void)
{
	pid_t program;

	die_with_parent(SIGKILL);
	cgroups_join();
	if (plan.layers & LAYER_CGROUP && unshare(CLONE_NEWCGROUP) < 0)
		fail(LAYER_CGROUP, errno, "unshare", "");
	if (!(plan.layers & LAYER_PID))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	setsid();
	if (plan.layers & LAYER_MOUNT)
		mounts_attach();
	terminal_open();
	network_join();
	program = start_program();
	tell_helper();
	keep_only_events();
	drop_capabilities();
	wait_for(program);
}
