/* SPDX-License-Identifier: MIT */
/* report.c - one line of key=value per write(2); see probe.h. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "probe.h"

static void report(const char *prefix, const char *key, const char *value)
{
	char line[128];
	int length = snprintf(line, sizeof line, "%s%s=%s\n", prefix, key, value);

	/* With nobody to read it there is nothing left to do: SIGPIPE or an error, both end in silence. */
	if (length > 0 && (size_t)length < sizeof line && write(STDOUT_FILENO, line, length) != length)
		_exit(1);
}

void report_text(const char *key, const char *value)
{
	report("", key, value);
}

void report_number(const char *key, long value)
{
	char text[24];

	snprintf(text, sizeof text, "%ld", value);
	report("", key, text);
}

void report_begin(const char *step)
{
	report("", "at", step);
}

long report_step(const char *name, long result)
{
	int error = result < 0 ? errno : 0;
	char text[16];

	snprintf(text, sizeof text, "%d", error);
	report("step.", name, text);
	errno = error;
	return result;
}
