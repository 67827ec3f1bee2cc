/* SPDX-License-Identifier: MIT */
/*
 * Push characters into the caller's terminal, whose shell then runs them as its
 * user's commands: TIOCSTI, the console's TIOCLINUX paste, a new line discipline.
 * The kernel looks at 32 bits of the request, a filter on 64 can be told another
 * number. (peers.md: TIOCSTI; sandbox.md: ioctl, low 32 bits.) Success: one works.
 */
#include <sys/ioctl.h>
#include "escape.h"

/* The request with its ignored upper half set: the same call to the kernel. */
static const unsigned long upper[] = { 0, 1ul << 32, 0xffffffffull << 32 };

static void try_terminal(const char *name, int fd)
{
	char space = ' ', paste = 3;
	int discipline = 0;
	char what[128];

	for (size_t i = 0; i < sizeof(upper) / sizeof(*upper); i++) {
		snprintf(what, sizeof(what), "TIOCSTI on %s, upper half %lx", name, upper[i] >> 32);
		tried(what, syscall(SYS_ioctl, fd, TIOCSTI | upper[i], &space));
		snprintf(what, sizeof(what), "TIOCLINUX on %s, upper half %lx", name, upper[i] >> 32);
		tried(what, syscall(SYS_ioctl, fd, TIOCLINUX | upper[i], &paste));
		snprintf(what, sizeof(what), "TIOCSETD on %s, upper half %lx", name, upper[i] >> 32);
		tried(what, syscall(SYS_ioctl, fd, TIOCSETD | upper[i], &discipline));
	}
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };
	unsigned terminals = 0;
	int fd;

	(void)argc;
	begin(argv);
	for (fd = 0; fd < 3; fd++)
		if (isatty(fd)) {
			terminals++;
			try_terminal(names[fd], fd);
		}
	fd = open("/dev/tty", O_RDWR | O_NOCTTY);
	if (fd >= 0) {
		terminals++;
		try_terminal("/dev/tty", fd);
		close(fd);
	}
	if (terminals == 0)
		skipped("no terminal here");
	return verdict();
}
