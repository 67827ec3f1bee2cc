/* SPDX-License-Identifier: MIT */
/*
 * Descriptors the caller forgot to close. A directory among them is a way round
 * every check on names. (peers.md: inherited fds; original-dune.md bug 11.) The
 * caller leaks 3 and up. Success: any descriptor above 2 is open, or one of 0 to
 * 2 leads to a directory.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	struct stat status;
	char what[64];

	(void)argc;
	begin(argv);
	for (int fd = 0; fd < 4096; fd++) {
		if (fstat(fd, &status) < 0)
			continue;
		snprintf(what, sizeof(what), "openat from inherited descriptor %d", fd);
		if (S_ISDIR(status.st_mode)) {
			tried_reading(what, openat(fd, "secret", O_RDONLY));
			tried_reading(what, openat(fd, "../outside/secret", O_RDONLY));
		}
		if (fd > 2)
			escaped("descriptor %d is open (mode %o)", fd, status.st_mode);
	}
	if (notes->count[OUTCOME_ESCAPED] == 0)
		refused("nothing is open from 3 to 4095");
	return verdict();
}
