/* SPDX-License-Identifier: MIT */
/*
 * The magic links of /proc lead to objects, not to names: /proc/<pid>/root, cwd
 * and fd can cross into another mount namespace. (peers.md: /proc/self/root and
 * magic links.) Success: the host's secret is read through one of them.
 */
#include <dirent.h>
#include "escape.h"

static void through(const char *prefix, const char *path)
{
	char full[8192];

	snprintf(full, sizeof(full), "%s%s", prefix, path);
	tried_reading(prefix, open(full, O_RDONLY | O_CLOEXEC));
}

static void through_descriptors(const char *pid)
{
	char directory[64], link[400];
	struct dirent *entry;
	DIR *list;

	snprintf(directory, sizeof(directory), "/proc/%s/fd", pid);
	list = opendir(directory);
	if (!list) {
		refused("%s: %s", directory, strerrorname_np(errno));
		return;
	}
	while ((entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(link, sizeof(link), "%s/%s/../../../../../../../..", directory, entry->d_name);
		through(link, need("secret"));
	}
	closedir(list);
}

int main(int argc, char **argv)
{
	static const char *const prefixes[] = {
		"", "/proc/self/root", "/proc/self/root/..", "/proc/thread-self/root",
		"/proc/self/cwd/../../../../../..", "/proc/self/task/1/root", "/proc/1/root",
		"/proc/1/root/../..", "/proc/1/task/1/root", "/proc/1/cwd/../../../..",
		"/proc/2/root", "/proc/3/root", "/proc/self/exe/../../../../../..",
		"/proc/self/map_files/../root", "/proc/self/ns/mnt/../../..",
	};

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		through(prefixes[i], need("secret"));
	through_descriptors("self");
	through_descriptors("1");
	return verdict();
}
