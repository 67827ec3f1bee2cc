/* SPDX-License-Identifier: MIT */
/*
 * escape.h - how a probe tries its ways out and reports.
 *
 * A probe is one program for one class of escape. It tries every way it knows,
 * for real, and ends with one line on stdout and an exit status:
 *
 *   HELD reason     0   every way was refused
 *   ESCAPED what    1   at least one way led out
 *   BROKEN what     2   a call was not refused with an errno but killed its caller
 *   SKIP reason    77   nothing could be tried on this machine
 *
 * Facts about the host (where the secret lies, which port listens) come as
 * key=value arguments, because the environment and the files of the host are
 * what a sandbox takes away.
 *
 * Every way must be harmless when it works: probes also run without any sandbox,
 * as root, to show that they notice success.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_HELD = 0, EXIT_ESCAPED = 1, EXIT_BROKEN = 2, EXIT_SKIP = 77 };
enum { OUTCOME_ESCAPED, OUTCOME_BROKEN, OUTCOME_REFUSED, OUTCOME_SKIPPED, OUTCOMES };

/* Shared with forked children, so that a way may be tried in one. */
struct notes {
	unsigned count[OUTCOMES];
	char text[OUTCOMES][3000];
};

static struct notes *notes;
static char **facts;

#define UNUSED __attribute__((unused))

UNUSED static void begin(char **argv)
{
	facts = argv + 1;
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED) {
		puts("SKIP no shared memory for the notes");
		exit(EXIT_SKIP);
	}
}

UNUSED static void note(int outcome, const char *format, ...)
{
	char *text = notes->text[outcome];
	size_t used = strlen(text);
	va_list args;

	if (notes->count[outcome]++ > 0)
		used += (size_t)snprintf(text + used, sizeof(notes->text[0]) - used, "; ");
	if (used >= sizeof(notes->text[0]))
		return;
	va_start(args, format);
	vsnprintf(text + used, sizeof(notes->text[0]) - used, format, args);
	va_end(args);
	/* The report is one line, whatever a path contained. */
	for (; text[used]; used++)
		if ((unsigned char)text[used] < ' ')
			text[used] = '?';
}

#define escaped(...) note(OUTCOME_ESCAPED, __VA_ARGS__)
#define broken(...) note(OUTCOME_BROKEN, __VA_ARGS__)
#define refused(...) note(OUTCOME_REFUSED, __VA_ARGS__)
#define skipped(...) note(OUTCOME_SKIPPED, __VA_ARGS__)

/* Print the line; returns the exit status for main(). */
UNUSED static int verdict(void)
{
	static const char *const word[OUTCOMES] = { "ESCAPED", "BROKEN", "HELD", "SKIP" };
	static const int status[OUTCOMES] = { EXIT_ESCAPED, EXIT_BROKEN, EXIT_HELD, EXIT_SKIP };

	for (int outcome = 0; outcome < OUTCOMES; outcome++) {
		if (notes->count[outcome] == 0)
			continue;
		if (outcome == OUTCOME_REFUSED)
			printf("HELD %u ways: %s\n", notes->count[outcome], notes->text[outcome]);
		else
			printf("%s %s\n", word[outcome], notes->text[outcome]);
		fflush(stdout);
		return status[outcome];
	}
	puts("SKIP nothing was tried");
	return EXIT_SKIP;
}

/* The value of a key=value argument, or NULL. */
UNUSED static const char *fact(const char *key)
{
	size_t length = strlen(key);

	for (char **each = facts; *each; each++)
		if (strncmp(*each, key, length) == 0 && (*each)[length] == '=')
			return *each + length + 1;
	return NULL;
}

/* A fact without which the probe makes no sense. */
UNUSED static const char *need(const char *key)
{
	const char *value = fact(key);

	if (!value) {
		printf("SKIP the caller gave no %s=\n", key);
		exit(EXIT_SKIP);
	}
	return value;
}

/* One way: a call that returns -1 and errno if it was refused. Returns its result. */
UNUSED static long tried(const char *what, long result)
{
	if (result < 0)
		refused("%s: %s", what, strerrorname_np(errno) ?: "?");
	else
		escaped("%s", what);
	return result;
}

/*
 * One way whose arguments are invalid on purpose, since the real thing would harm
 * the machine: any answer but "not permitted" or "no such call" shows that the
 * call was reached.
 */
UNUSED static void tried_invalid(const char *what, long result)
{
	if (result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS))
		refused("%s: %s", what, strerrorname_np(errno));
	else
		escaped("%s was reached (%s)", what, result < 0 ? strerrorname_np(errno) : "it succeeded");
}

/* One way that opened something: it led out if it can be read and holds the host's token. */
UNUSED static void tried_reading(const char *what, int fd)
{
	char text[4096];
	ssize_t length;

	if (fd < 0) {
		refused("%s: %s", what, strerrorname_np(errno) ?: "?");
		return;
	}
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	if (strstr(text, need("token")))
		escaped("%s reads the secret", what);
	else
		refused("%s: not the secret", what);
}

/* A way that another thread is raced for: once is enough. */
UNUSED static void race(const char *what, int (*way)(void), int rounds)
{
	for (int i = 0; i < rounds; i++)
		if (way()) {
			escaped("%s in round %d", what, i);
			return;
		}
	refused("%s: %d rounds", what, rounds);
}

/* Try a way in a child, so that it may change or lose its process. */
UNUSED static void in_child(const char *what, void (*way)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		way();
		_exit(0);
	}
	if (pid < 0) {
		skipped("%s: fork: %s", what, strerrorname_np(errno));
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		broken("%s: killed by SIG%s", what, sigabbrev_np(WTERMSIG(status)) ?: "?");
}

#endif
