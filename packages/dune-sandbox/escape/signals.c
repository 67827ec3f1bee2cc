/* SPDX-License-Identifier: MIT */
/*
 * Signal a process outside (victim=, by its host pid) or everyone. SIGURG is
 * ignored unless asked for, and signal 0 only asks whether one could.
 * (issue: kill -1, kill of outside pids.) Success: a signal is delivered, or
 * kill(-1) finds anyone beside us.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	pid_t victim;
	siginfo_t info = { .si_code = SI_QUEUE };
	int pidfd, fds[2];

	(void)argc;
	begin(argv);
	victim = atoi(need("victim"));
	tried("kill(-1, 0)", kill(-1, 0));
	tried("kill of the victim", kill(victim, SIGURG));
	tried("kill of the victim's group", kill(-victim, 0));
	tried("tgkill of the victim", syscall(SYS_tgkill, victim, victim, SIGURG));
	tried("tkill of the victim", syscall(SYS_tkill, victim, SIGURG));
	tried("rt_sigqueueinfo to the victim", syscall(SYS_rt_sigqueueinfo, victim, SIGURG, &info));
	pidfd = (int)tried("pidfd_open of the victim", syscall(SYS_pidfd_open, victim, 0));
	if (pidfd >= 0) {
		tried("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGURG, NULL, 0));
		close(pidfd);
	}
	if (pipe2(fds, O_NONBLOCK) == 0)
		tried("F_SETOWN to the victim", fcntl(fds[0], F_SETOWN, victim));
	return verdict();
}
