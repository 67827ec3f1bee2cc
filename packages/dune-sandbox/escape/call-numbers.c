/* SPDX-License-Identifier: MIT */
/*
 * The same kernel functions under other numbers: the i386 table (int 0x80), the
 * x32 table (bit 30), a 64-bit number whose lower half alone counts, and numbers
 * past the end. A filter that knows only the x86-64 table is walked round.
 * (sandbox.md: ENOSYS for all i386 and x32, and past the table.) unshare of a user
 * namespace, chmod to set-uid and a raw packet socket are the markers. Success:
 * one takes effect. Every way runs in a child: a kill counts as broken.
 */
#include <sched.h>
#include <sys/socket.h>
#include "escape.h"

enum { I386_CHMOD = 15, I386_GETPID = 20, I386_UNSHARE = 310, I386_SOCKET = 359, X32 = 0x40000000 };

static char *low; /* i386 pointers have 32 bits */

static long i386(long number, long first, long second, long third)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(first), "c"(second), "d"(third)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* syscall() cannot pass a number with a dirty upper half. */
static long raw(unsigned long number, long first, long second, long third)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second), "d"(third)
			 : "rcx", "r11", "memory");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static void by_i386(void)
{
	struct stat status;

	strcpy(low, "i386-file");
	close(open(low, O_CREAT | O_WRONLY, 0700));
	tried("i386 getpid", i386(I386_GETPID, 0, 0, 0));
	i386(I386_CHMOD, (long)low, 04755, 0);
	if (stat(low, &status) == 0 && (status.st_mode & S_ISUID))
		escaped("i386 chmod made a set-uid file");
	unlink(low);
	tried("i386 packet socket", i386(I386_SOCKET, AF_PACKET, SOCK_RAW, 0));
	tried("i386 unshare", i386(I386_UNSHARE, CLONE_NEWUSER, 0, 0));
}

static void by_x32(void)
{
	tried("x32 getpid", raw(X32 | SYS_getpid, 0, 0, 0));
	tried("x32 packet socket", raw(X32 | SYS_socket, AF_PACKET, SOCK_RAW, 0));
	tried("x32 execveat", raw(X32 | 545, -1, 0, 0));
	tried("x32 unshare", raw(X32 | SYS_unshare, CLONE_NEWUSER, 0, 0));
}

static void by_upper_half(void)
{
	tried("unshare with the number's upper half set", raw(1ul << 32 | SYS_unshare, CLONE_NEWUSER, 0, 0));
	tried("packet socket with the number's upper half set", raw(~0ul << 32 | SYS_socket, AF_PACKET, SOCK_RAW, 0));
}

/* 335 and 336 are uretprobe and uprobe, which raise SIGILL outside a probe whatever a filter says. */
static void past_the_table(void)
{
	static const unsigned long numbers[] = { 337, 400, 423, 512, 547, 548, 999, 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char what[64];

		snprintf(what, sizeof(what), "number %lx", numbers[i]);
		tried(what, raw(numbers[i], 0, 0, 0));
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		skipped("no memory below 4 GiB");
	else
		in_child("int 0x80", by_i386);
	in_child("x32", by_x32);
	in_child("upper half", by_upper_half);
	in_child("past the table", past_the_table);
	return verdict();
}
