/* SPDX-License-Identifier: MIT */
/*
 * bomb - a fork bomb with a short fuse: every process forks until there have been
 * MOST_FORKS in all, or no more can be had. Then everything but the first ends, and that
 * one says how many there were. An alarm in each process is the fuse, should the
 * first be killed.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_FORKS = 300, FUSE_SECONDS = 3, LIFE_US = 500 * 1000 };

static struct {
	atomic_int tried, done, error;
} *shared;

/* Returns in the first process and in every other. */
static void explode(void)
{
	while (!shared->error && atomic_fetch_add(&shared->tried, 1) < MOST_FORKS) {
		switch (fork()) {
		case -1:
			shared->error = errno;
			break;
		case 0:
			alarm(FUSE_SECONDS);
			shared->done++;
			break;
		}
	}
}

int main(void)
{
	pid_t first = getpid();

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* A group of its own, so that it can end its processes and nobody else's. */
	setpgid(0, 0);
	alarm(FUSE_SECONDS);
	explode();
	if (getpid() != first)
		pause();
	usleep(LIFE_US);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	printf("%d processes, then: %s\n", 1 + shared->done, shared->error ? strerror(shared->error) : "enough");
	return 0;
}
