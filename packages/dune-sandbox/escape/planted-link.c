/* SPDX-License-Identifier: MIT */
/*
 * Two runs. In the first (phase=plant) the directory granted by the caller's
 * policy, given/, is replaced by a symbolic link to the outside; in the second the
 * caller grants given/ again. A sandbox that follows the link grants the outside.
 * (sandbox.md: resolve policy paths with RESOLVE_NO_SYMLINKS.) Success: the second
 * run reads the secret through given/.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	if (strcmp(need("phase"), "plant") == 0) {
		rename("given", "given-before");
		if (symlink(need("outside"), "given") < 0)
			skipped("cannot plant: %s", strerrorname_np(errno));
		else
			refused("planted");
		return verdict();
	}
	tried_reading("a granted name that is a link now", open("given/secret", O_RDONLY));
	tried_reading("what the link names", open(need("secret"), O_RDONLY));
	return verdict();
}
