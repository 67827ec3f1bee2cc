/* SPDX-License-Identifier: MIT */
/* child.c - trying things in children, with a time limit on each. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "probe.h"

void limit_time(void)
{
	struct itimerval limit = {
		.it_value = { TIME_LIMIT_MS / 1000, TIME_LIMIT_MS % 1000 * 1000 },
	};

	/* The caller may have left SIGALRM ignored or blocked. */
	signal(SIGALRM, SIG_DFL);
	sigset_t alarm_only;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &limit, NULL);
}

void in_child(const char *name, void (*layer)(void))
{
	char key[64];
	int status;

	report_begin(name);
	pid_t child = fork();
	if (child < 0) {
		report_step(name, -1);
		return;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		limit_time();
		layer();
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		snprintf(key, sizeof key, "signal.%s", name);
		report_number(key, WTERMSIG(status));
	}
}

int write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	ssize_t length = write(file, text, strlen(text));
	int error = errno;
	close(file);
	errno = length < 0 ? error : EIO;
	return length == (ssize_t)strlen(text) ? 0 : -1;
}
