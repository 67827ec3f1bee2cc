/* SPDX-License-Identifier: MIT */
/*
 * A crash hands memory to the host: to the program that core_pattern names, which
 * runs outside as root, or to a file. A limit of 0 still starts that program, a
 * limit of 1 does not. (sandbox.md: RLIMIT_CORE=1, not 0.) Success: the limit can
 * be raised, or a crash leaves a core file in the working directory.
 */
#include <glob.h>
#include <sys/resource.h>
#include "escape.h"

static void crash(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	getrlimit(RLIMIT_CORE, &all);
	all.rlim_cur = all.rlim_max;
	setrlimit(RLIMIT_CORE, &all);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	glob_t found;
	int status;
	pid_t pid;

	(void)argc;
	begin(argv);
	getrlimit(RLIMIT_CORE, &limit);
	if (limit.rlim_max > 1)
		escaped("RLIMIT_CORE can be raised to %llu", (unsigned long long)limit.rlim_max);
	else if (limit.rlim_max == 0)
		broken("RLIMIT_CORE is 0, which still starts a core_pattern program");
	else
		refused("RLIMIT_CORE is 1");
	pid = fork();
	if (pid == 0) {
		crash();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) && WCOREDUMP(status))
		escaped("a crash was dumped");
	if (glob("core*", 0, NULL, &found) == 0) {
		escaped("%s was left", found.gl_pathv[0]);
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	} else {
		refused("no core file");
	}
	return verdict();
}
