/* SPDX-License-Identifier: MIT */
/*
 * Take over, read or steer a process that is not ours: pid 1 and every other pid
 * in sight (helpers of the sandbox), and a victim outside by its host pid
 * (victim=). (peers.md: ptrace of helpers; original-dune.md bug 11:
 * process_vm_writev.) Success: any of the calls is let through. Writes go to an
 * address that is never mapped: the permission is checked before the address.
 */
#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include "escape.h"

static pid_t target;

static void named(const char *call, long result, int invalid)
{
	char what[80];

	snprintf(what, sizeof(what), "%s of %d", call, target);
	/* The target is not there: nothing was reached, whatever the arguments. */
	if (result < 0 && errno == ESRCH)
		invalid = 0;
	if (invalid)
		tried_invalid(what, result);
	else
		tried(what, result);
}

static void seize(void)
{
	named("ptrace seize", ptrace(PTRACE_SEIZE, target, NULL, NULL), 0);
}

static void descriptors(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);

	if (pidfd < 0) {
		named("pidfd_open", -1, 0);
		return;
	}
	named("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0), 0);
	close(pidfd);
}

static void memory(void)
{
	char byte = 0;
	struct iovec local = { &byte, 1 }, remote = { (void *)16, 1 };

	named("process_vm_readv", process_vm_readv(target, &local, 1, &remote, 1, 0), 1);
	named("process_vm_writev", process_vm_writev(target, &local, 1, &remote, 1, 0), 1);
}

/* Only of the victim: limits and priorities of pid 1 are those of the run itself. */
static void steering(void)
{
	struct sched_param parameters = { 0 };
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	void *page = NULL;
	int status;

	named("prlimit", prlimit(target, RLIMIT_RTTIME, &limit, NULL), 0);
	named("sched_setscheduler", sched_setscheduler(target, SCHED_OTHER, &parameters), 0);
	named("move_pages", syscall(SYS_move_pages, target, 1, &page, NULL, &status, 0), 1);
	named("get_robust_list", syscall(SYS_get_robust_list, target, &page, &page), 0);
	named("kcmp", syscall(SYS_kcmp, getpid(), target, 0, 0, 0), 0);
}

static void try_process(pid_t pid)
{
	target = pid;
	in_child("ptrace", seize);
	descriptors();
	memory();
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned seen = 0;
	DIR *list;

	(void)argc;
	begin(argv);
	if (fact("victim")) {
		try_process(atoi(fact("victim")));
		steering();
	}
	/*
	 * Without a sandbox this is the whole machine, which has done nothing to us:
	 * the victim alone has to show what works there.
	 */
	list = opendir("/proc");
	while (list && (entry = readdir(list)) && seen < 8 && notes->count[OUTCOME_ESCAPED] == 0) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		seen++;
		try_process(atoi(entry->d_name));
	}
	if (list)
		closedir(list);
	return verdict();
}
