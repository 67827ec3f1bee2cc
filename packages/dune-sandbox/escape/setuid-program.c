/* SPDX-License-Identifier: MIT */
/*
 * Run a program that is set-uid to somebody else (setuidprogram=, this file,
 * owned by uid 1234) and the system's own su. (peers.md: set-uid; issue: running
 * a set-uid binary gains nothing.) Success: the effective uid changes, or new
 * capabilities appear, or su becomes root.
 */
#include "escape.h"

enum { PLANTED_OWNER = 1234 };

static void run_planted(void)
{
	execl(need("setuidprogram"), "setuid-program", "report", NULL);
	refused("set-uid program: %s", strerrorname_np(errno));
}

static void run_su(void)
{
	execl("/usr/bin/su", "su", "root", "-c", "exit 42", NULL);
	_exit(1);
}

static int status_of(void (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		/* su asks for a password; it gets none. */
		close(0);
		open("/dev/null", O_RDWR);
		dup2(0, 1);
		dup2(0, 2);
		run();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return geteuid() == PLANTED_OWNER ? 42 : 0;
	begin(argv);
	if (!fact("setuidprogram"))
		skipped("no set-uid program was planted");
	else if (status_of(run_planted) == 42)
		escaped("a set-uid program changed the effective uid");
	else
		refused("a set-uid program ran as before");
	/* Natively root may become root: nothing gained. */
	if (getuid() == 0 && fact("native"))
		skipped("already root");
	else if (access("/usr/bin/su", X_OK) < 0)
		skipped("no su");
	else if (status_of(run_su) == 42)
		escaped("su became root");
	else
		refused("su");
	return verdict();
}
