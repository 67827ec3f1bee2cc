/* SPDX-License-Identifier: MIT */
/*
 * Personality bits that undo protections of this and every later program: no
 * address randomisation, readable means executable, page zero mapped.
 * (sandbox.md: personality: only the harmless ones.) Success: one is accepted.
 */
#include <sys/personality.h>
#include "escape.h"

static unsigned long wanted;

static void change(void)
{
	char what[64];

	snprintf(what, sizeof(what), "personality %lx", wanted);
	tried(what, syscall(SYS_personality, wanted));
}

int main(int argc, char **argv)
{
	static const unsigned long bits[] = {
		READ_IMPLIES_EXEC, MMAP_PAGE_ZERO, READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO,
		STICKY_TIMEOUTS, PER_SVR4, 1ul << 32 | READ_IMPLIES_EXEC,
	};

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		wanted = bits[i];
		in_child("personality", change);
	}
	return verdict();
}
