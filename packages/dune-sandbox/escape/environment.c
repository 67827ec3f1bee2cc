/* SPDX-License-Identifier: MIT */
/*
 * Secrets in the caller's environment and command line: the caller sets several
 * variables that contain the token. (peers.md: env shows no secrets.) Success: the
 * token is in environ or in what /proc shows of any process.
 */
#include <ctype.h>
#include <dirent.h>
#include "escape.h"

extern char **environ;

static void search(const char *path)
{
	char text[65536];
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		refused("%s: %s", path, strerrorname_np(errno));
		return;
	}
	length = read(fd, text, sizeof(text));
	close(fd);
	if (length > 0 && memmem(text, (size_t)length, need("token"), strlen(need("token"))))
		escaped("the token is in %s", path);
	else
		refused("%s: not there", path);
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	char path[400];
	DIR *list;

	(void)argc;
	begin(argv);
	for (char **each = environ; *each; each++)
		if (strstr(*each, need("token")))
			escaped("environment has %.*s", (int)strcspn(*each, "="), *each);
	search("/proc/self/environ");
	list = opendir("/proc");
	while (list && (entry = readdir(list))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/environ", entry->d_name);
		search(path);
	}
	if (list)
		closedir(list);
	return verdict();
}
