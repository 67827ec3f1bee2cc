/* SPDX-License-Identifier: MIT */
/*
 * usage.c - fuzzes the reading of /proc/PID/stat, io and smaps_rollup. A process
 * chooses its own name (prctl(2), PR_SET_NAME), and the name is in stat: no name
 * may change what the process is said to use.
 *
 *   input: eight bytes, which become the figures; then the name
 */
#include "check.h"
#include "../jail/usage.c"

struct plan plan;
struct shared *shared;

/* The files of a process are the input. */
static const char *contents;

ssize_t read_file(int dir, const char *path, char *buffer, size_t size)
{
	(void)dir, (void)path;
	snprintf(buffer, size, "%s", contents);
	return (ssize_t)strlen(buffer);
}

/* proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime ... */
static void check_name(const uint8_t *figures, const char *name)
{
	static char stat[1024];
	struct seen seen = { 0 };

	snprintf(stat, sizeof stat, "7 (%.15s) R 1 7 7 0 -1 4194304 91 0 3 0 %u %u %u %u 20 0 %u 0 1234 %u %u 18446744073709551615 1 1",
		 name, figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[6]);
	CHECK(parse_stat(stat, &seen));
	CHECK(seen.parent == 1 && seen.start == 1234);
	CHECK(seen.own_ticks == (unsigned long long)figures[0] + figures[1]);
	CHECK(seen.waited_ticks == (unsigned long long)figures[2] + figures[3]);
	CHECK(seen.threads == figures[4]);
	CHECK(seen.rss == figures[6]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char io[] = "rchar: 323934931\nsyscr: 632687\nwrite_bytes: 323932160\ncancelled_write_bytes: 5\n";
	struct seen seen = { 0 };
	char *text;

	if (size < 8)
		return 0;
	text = malloc(size - 7);
	CHECK(text);
	memcpy(text, data + 8, size - 8);
	text[size - 8] = 0;
	check_name(data, text);

	contents = text; /* anything at all, for each of the three */
	parse_stat(text, &seen);
	proportional_size(0, "7");
	usage_written(0, "7");
	contents = io;
	CHECK(usage_written(0, "7") == 323932160);
	free(text);
	return 0;
}
