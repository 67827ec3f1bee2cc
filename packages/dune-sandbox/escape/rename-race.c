/* SPDX-License-Identifier: MIT */
/*
 * Two races on names: one thread keeps exchanging a directory with a symbolic link
 * that leads out while another opens files below it; and one thread moves a
 * directory up while another walks ".." out of it. Whoever checks a name and then
 * uses it again loses here. (peers.md: symlink and mount races.) Success: the
 * secret's contents are read.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "escape.h"

enum { ROUNDS = 4000 };
static atomic_int stop;

static void *exchange(void *unused)
{
	while (!atomic_load(&stop)) {
		renameat2(AT_FDCWD, "swap", AT_FDCWD, "swap-link", RENAME_EXCHANGE);
		rename("tree/a/b", "b");
		rename("b", "tree/a/b");
	}
	return unused;
}

static int wins(int fd)
{
	char text[256] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, need("token")) != NULL;
}

static int exchanged(void)
{
	return wins(open("swap/secret", O_RDONLY));
}

static int moved(void)
{
	int inside = open("tree/a/b", O_RDONLY | O_DIRECTORY), result;

	if (inside < 0)
		return 0;
	result = wins(openat(inside, "../../../../sibling", O_RDONLY));
	close(inside);
	return result;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argc;
	begin(argv);
	mkdir("swap", 0700);
	mkdir("tree", 0700);
	mkdir("tree/a", 0700);
	mkdir("tree/a/b", 0700);
	unlink("swap-link");
	if (symlink(need("outside"), "swap-link") < 0 || pthread_create(&thread, NULL, exchange, NULL) != 0) {
		skipped("cannot set up the race: %s", strerrorname_np(errno));
		return verdict();
	}
	race("directory exchanged with a symlink", exchanged, ROUNDS);
	race("directory moved under ..", moved, ROUNDS);
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	return verdict();
}
