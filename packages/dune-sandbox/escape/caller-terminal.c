/* SPDX-License-Identifier: MIT */
/*
 * The caller's controlling terminal, when stdin, stdout and stderr are not it.
 * (peers.md: TIOCSTI, new session or private pty; issue: /dev/tty of the caller.)
 * Run with the streams redirected but a controlling terminal in the caller.
 * Success: /dev/tty or the terminal's own device (terminal=) opens.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	const char *terminal;
	struct stat status;
	int fd;

	(void)argc;
	begin(argv);
	terminal = need("terminal");
	tried("/dev/tty", open("/dev/tty", O_RDWR | O_NOCTTY));
	fd = open(terminal, O_RDWR | O_NOCTTY);
	/* The same number may name a terminal of another, private devpts. */
	if (fd >= 0 && fstat(fd, &status) == 0 && fact("terminaldev") &&
	    status.st_dev != strtoul(fact("terminaldev"), NULL, 10))
		refused("%s is another terminal here", terminal);
	else
		tried(terminal, fd);
	tried("/dev/console", open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK));
	tried("/dev/tty0", open("/dev/tty0", O_RDWR | O_NOCTTY | O_NONBLOCK));
	tried("/dev/vcs1", open("/dev/vcs1", O_RDONLY));
	return verdict();
}
