/* SPDX-License-Identifier: MIT */
/*
 * calls.c - what one system call costs where this program runs: prints nanoseconds
 * per call, the smallest of several batches, on one line:
 *
 *   getppid         never looked at by anyone but the filter
 *   open and close  of a file that may be read: the open may be supervised
 *   open, refused   of a file that is not there
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 9 };

static void getppid_once(void)
{
	syscall(SYS_getppid);
}

static void open_once(void)
{
	close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
}

static void open_nothing(void)
{
	open("/etc/dune-no-such-file", O_RDONLY | O_CLOEXEC);
}

static double cost(void (*call)(void), unsigned calls)
{
	double best = 0;

	for (int batch = 0; batch < BATCHES; batch++) {
		struct timespec start, end;
		double elapsed;

		clock_gettime(CLOCK_MONOTONIC, &start);
		for (unsigned i = 0; i < calls; i++)
			call();
		clock_gettime(CLOCK_MONOTONIC, &end);
		elapsed = ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / calls;
		if (batch == 0 || elapsed < best)
			best = elapsed;
	}
	return best;
}

int main(void)
{
	printf("%.1f %.1f %.1f\n", cost(getppid_once, 200000), cost(open_once, 3000), cost(open_nothing, 3000));
	return 0;
}
