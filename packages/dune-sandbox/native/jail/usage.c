/* SPDX-License-Identifier: MIT */
/*
 * usage.c - what all processes inside use together, from the jail's own /proc
 * (proc(5)). A process inherits the figures of children it has waited for, so
 * what lives adds up to everything but the children that nobody waits for
 * (SIGCHLD ignored). What was last seen of those is kept here. What they used after
 * their last sample is missed, and those that lived only between two samples; more
 * than was used is never said. Without a pid namespace
 * there is no such /proc, and nothing is sampled: cgroups and rlimits serve.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

static uint64_t value_after(const char *text, const char *label)
{
	const char *found = strstr(text, label);

	return found ? strtoull(found + strlen(label), NULL, 10) : 0;
}

static ssize_t read_of(int proc, const char *pid, const char *file, char *text, size_t size)
{
	char path[NAME_MAX + 32];

	snprintf(path, sizeof path, "%s/%s", pid, file);
	return read_file(proc, path, text, size);
}

static uint64_t usage_written(int proc, const char *pid)
{
	char text[512];

	return read_of(proc, pid, "io", text, sizeof text) > 0 ? value_after(text, "\nwrite_bytes: ") : 0;
}

/* Resident bytes, each shared page counted by the share of those who map it. */
static uint64_t proportional_size(int proc, const char *pid)
{
	char text[2048];

	return read_of(proc, pid, "smaps_rollup", text, sizeof text) > 0 ? value_after(text, "\nPss:") << 10 : 0;
}

/* One process as it was seen; its start time tells it from another with the same pid. */
struct seen {
	unsigned long pid, parent, threads;
	unsigned long long start, own_ticks, waited_ticks, rss, written;
};

enum { MOST_SEEN = 8192 };

/* Field 4 of stat is the parent; 14 to 24: utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss */
static bool parse_stat(const char *text, struct seen *seen)
{
	const char *after = strrchr(text, ')'); /* the name may hold anything */
	unsigned long long utime, stime, cutime, cstime;

	if (!after || sscanf(after + 1, " %*c %lu %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %lu %*d %llu %*u %llu",
			     &seen->parent, &utime, &stime, &cutime, &cstime, &seen->threads, &seen->start, &seen->rss) != 8)
		return false;
	seen->own_ticks = utime + stime;
	seen->waited_ticks = cutime + cstime;
	return true;
}

/* All processes, by pid, as /proc lists them. Returns how many. */
static size_t look(struct seen *now)
{
	int fd = openat(shared->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t count = 0;
	char text[1024];

	if (!dir)
		return 0;
	while (count < MOST_SEEN && (entry = readdir(dir))) {
		struct seen *seen = &now[count];

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    read_of(shared->proc, entry->d_name, "stat", text, sizeof text) <= 0 || !parse_stat(text, seen))
			continue;
		seen->pid = strtoul(entry->d_name, NULL, 10);
		/* The reaper says itself what it has inherited: we may not read its figures. */
		seen->written = seen->pid == 1 ? shared->written :
				plan.limits.written ? usage_written(shared->proc, entry->d_name) : 0;
		count++;
	}
	closedir(dir);
	return count;
}

struct sample {
	struct seen processes[MOST_SEEN];
	size_t count;
};

static int by_pid(const void *a, const void *b)
{
	unsigned long one = *(const unsigned long *)a, other = ((const struct seen *)b)->pid;

	return one < other ? -1 : one > other;
}

static const struct seen *find(const struct sample *sample, unsigned long pid)
{
	return bsearch(&pid, sample->processes, sample->count, sizeof *sample->processes, by_pid);
}

/* Whether the nearest ancestor that still lives has got what `gone` had written. */
static bool was_inherited(const struct seen *gone, const struct sample *before, const struct sample *now)
{
	unsigned long pid = gone->parent;
	const struct seen *then, *heir;

	for (int depth = 0; depth < 64; depth++) {
		then = find(before, pid);
		heir = find(now, pid);
		if (heir)
			return heir->written - (then ? then->written : 0) >= gone->written;
		pid = then ? then->parent : 1; /* an orphan is the reaper's */
	}
	return true;
}

static void add_gone(struct usage *sum, const struct sample *before, const struct sample *now)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct seen *seen = &before->processes[i], *same = find(now, seen->pid);

		if (same && same->start == seen->start)
			continue;
		sum->cpu_ms += seen->own_ticks * 10; /* USER_HZ is 100 on x86 */
		if (!was_inherited(seen, before, now))
			sum->written += seen->written;
	}
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Resident sizes count a shared page once a process: look closer before that is held against anybody. */
static uint64_t exact_memory(const struct sample *now)
{
	uint64_t sum = 0;
	char pid[24];

	for (size_t i = 0; i < now->count; i++) {
		snprintf(pid, sizeof pid, "%lu", now->processes[i].pid);
		sum += now->processes[i].pid == 1 ? 0 : proportional_size(shared->proc, pid);
	}
	return sum;
}

void usage_read(struct usage *usage)
{
	static struct sample samples[2];
	static struct usage gone;
	static int turn;
	struct sample *now = &samples[turn];
	uint64_t own, inherited = 0;

	*usage = (struct usage){ .written = shared->written };
	if (!shared->proc)
		return;
	now->count = look(now->processes);
	add_gone(&gone, &samples[!turn], now);
	own = gone.cpu_ms;
	usage->written = gone.written;
	for (size_t i = 0; i < now->count; i++) {
		const struct seen *seen = &now->processes[i];

		inherited += (seen->own_ticks + seen->waited_ticks) * 10;
		own += seen->own_ticks * 10;
		usage->written += seen->written;
		if (seen->pid == 1) /* ours, but it inherits from orphans */
			continue;
		usage->tasks += seen->threads;
		usage->memory += seen->rss * 4096;
	}
	usage->cpu_ms = larger(inherited, own);
	if (plan.limits.memory && usage->memory > plan.limits.memory)
		usage->memory = exact_memory(now);
	turn = !turn;
}
