/* SPDX-License-Identifier: MIT */
/*
 * usage.c - what all processes inside use together, from the jail's own /proc
 * (proc(5)). The times and bytes of a process that has been waited for are in
 * its parent's figures, so the sums never go back. Without a pid namespace
 * there is no such /proc, and nothing is sampled: cgroups and rlimits serve.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
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
	char path[64];

	snprintf(path, sizeof path, "%s/%s", pid, file);
	return read_file(proc, path, text, size);
}

uint64_t usage_written(int proc, const char *pid)
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

/* Fields 14 to 24 of stat: utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss */
static void add_stat(const char *text, struct usage *usage)
{
	const char *after = strrchr(text, ')'); /* the name may hold anything */
	unsigned long long utime, stime, cutime, cstime, threads, rss;

	if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %llu %*d %*u %*u %llu",
			     &utime, &stime, &cutime, &cstime, &threads, &rss) != 6)
		return;
	usage->cpu_ms += (utime + stime + cutime + cstime) * 10; /* USER_HZ is 100 on x86 */
	usage->tasks += threads;
	usage->memory += rss * 4096;
}

static void add_process(int proc, const char *pid, struct usage *usage, bool exact)
{
	char text[1024];

	if (exact)
		usage->memory += proportional_size(proc, pid);
	else if (read_of(proc, pid, "stat", text, sizeof text) > 0)
		add_stat(text, usage);
	if (plan.limits.written && !exact)
		usage->written += usage_written(proc, pid);
}

static void add_all(struct usage *usage, bool exact)
{
	int fd = openat(shared->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && strcmp(entry->d_name, "1"))
			add_process(shared->proc, entry->d_name, usage, exact);
	closedir(dir);
}

void usage_read(struct usage *usage)
{
	*usage = (struct usage){ .written = shared->written };
	if (!shared->proc)
		return;
	add_all(usage, false);
	if (plan.limits.memory && usage->memory > plan.limits.memory) {
		usage->memory = 0; /* resident sizes count shared pages once a process: look closer */
		add_all(usage, true);
	}
}
