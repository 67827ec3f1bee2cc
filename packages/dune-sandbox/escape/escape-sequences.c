/* SPDX-License-Identifier: MIT */
/*
 * Names with terminal escapes, newlines and text direction marks, in calls that
 * are refused: if the sandbox prints them as they are, the program forges messages
 * or drives the caller's terminal. (issue: output spoofing.) This program cannot
 * see it; the caller checks its own stderr. Success: raw control characters there.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"\033[2J\033]0;owned\007", "x\nHELD forged line", "x\rHELD forged line", "\xe2\x80\xae" "reversed",
		"\x9b" "31m", "\xff\xfe not UTF-8", "a\bb", "\033P+q\033\\",
	};
	char path[4300];

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", need("outside"), names[i]);
		close(open(path, O_RDONLY));
		close(open(path, O_WRONLY | O_CREAT, 0600));
		unlink(path);
		snprintf(path, sizeof(path), "/usr/%s", names[i]);
		mkdir(path, 0700);
		rmdir(path);
	}
	refused("asked for %zu odd names; the caller looks at what was printed", sizeof(names) / sizeof(*names));
	return verdict();
}
