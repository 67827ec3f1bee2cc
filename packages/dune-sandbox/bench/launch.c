/* SPDX-License-Identifier: MIT */
/*
 * launch.c - starts commands in turn, A B C A B C..., and prints how long each took
 * from before posix_spawn to after wait4: one line per round, nanoseconds, in the
 * order of the commands. Starting from a small C process costs 0.2 ms; from node
 * it would be several times what is measured.
 *
 *   launch ROUNDS COMMAND [ARGUMENT...] [--- COMMAND [ARGUMENT...]]...
 *
 * A command that begins with @FILE@ gets FILE opened anew as descriptor 3. A
 * command that does not exit with 0 ends everything: a fast failure is no result.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { MAX_COMMANDS = 16, WARM_UP = 5, PLAN_FD = 3 };

extern char **environ;

struct command {
	const char *plan;
	char **words;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t run(const struct command *command)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	uint64_t start;
	int error, status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (command->plan)
		posix_spawn_file_actions_addopen(&actions, PLAN_FD, command->plan, O_RDONLY, 0);
	start = now();
	error = posix_spawn(&pid, command->words[0], &actions, NULL, command->words, environ);
	if (error == 0)
		wait4(pid, &status, 0, &usage);
	start = now() - start;
	posix_spawn_file_actions_destroy(&actions);
	if (error || status != 0) {
		fprintf(stderr, "launch: %s: %s %d\n", command->words[0], error ? "error" : "wait status", error ? error : status);
		exit(1);
	}
	return start;
}

/* "@plan@command" */
static void take_plan(struct command *command)
{
	char *end;

	if (command->words[0][0] != '@' || !(end = strchr(command->words[0] + 1, '@')))
		return;
	*end = '\0';
	command->plan = command->words[0] + 1;
	command->words[0] = end + 1;
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS] = { 0 };
	int count = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;

	for (int i = 2; i < argc; i++) {
		if (i == 2 || !argv[i - 1]) {
			if (count == MAX_COMMANDS)
				return 2;
			commands[count++].words = argv + i;
		}
		if (strcmp(argv[i], "---") == 0)
			argv[i] = NULL;
	}
	for (int i = 0; i < count; i++)
		take_plan(&commands[i]);
	for (int round = -WARM_UP; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			uint64_t elapsed = run(&commands[i]);

			if (round >= 0)
				printf("%llu%c", (unsigned long long)elapsed, i + 1 < count ? ' ' : '\n');
		}
	}
	return 0;
}
