/* SPDX-License-Identifier: MIT */
/*
 * terminal.c - a private terminal in place of the caller's. A program that held
 * the caller's own could read what is typed after it, change its modes, or push
 * input into it; through a pseudoterminal of its own it can do all that only to
 * itself, and still has colours, job control and a window size.
 *
 *   caller's terminal <- helper, raw mode -> master | slave -> program
 *
 * Neither side is waited for: a terminal that nobody reads must not keep the
 * helper from its limits. The caller's is read, and its modes are changed, only
 * while our job is in its foreground.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "jail.h"

enum { DRAIN_MS = 1000 }; /* for the last output, when the caller's terminal is slow */

static int input = -1, output = -1; /* the caller's, kept when 0 to 2 become the slave */
static int slave = -1;
static struct termios cooked;
static bool raw, suspended;
static struct { char bytes[4096]; size_t length; } typed;    /* not yet taken by the master */
static struct { char bytes[16384]; size_t length; } printed; /* not yet taken by the caller's terminal */
static uint64_t printed_bytes;

/* A description of our own, so that not waiting does not concern others who write there. */
static int open_output(int fd)
{
	char link[32];
	int again;

	snprintf(link, sizeof link, "self/fd/%d", fd);
	again = openat(host_proc, link, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return again >= 0 ? again : fcntl(fd, F_DUPFD_CLOEXEC, JAIL_FD + 1);
}

void terminal_save(void)
{
	int last = -1;

	for (int fd = 0; fd < JAIL_FD; fd++)
		if (plan.terminal & 1u << fd)
			last = fd;
	if (last < 0)
		return;
	if (plan.terminal & 1u)
		input = fcntl(0, F_DUPFD_CLOEXEC, JAIL_FD + 1);
	output = open_output(last);
	if (output < 0 || tcgetattr(output, &cooked) < 0)
		fail(NO_LAYER, errno, "open", "the caller's terminal");
}

/* In the reaper, which becomes the session's leader: a program whose parent is
 * in its session can be stopped and continued; one without would be orphaned. */
void terminal_open(void)
{
	struct termios modes = cooked;
	struct winsize size;
	int unlock = 0;

	if (output < 0)
		return;
	shared->master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (shared->master < 0)
		shared->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (shared->master < 0 || ioctl(shared->master, TIOCSPTLCK, &unlock) < 0)
		fail(NO_LAYER, errno, "open", "/dev/pts/ptmx");
	slave = ioctl(shared->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		fail(NO_LAYER, errno, "open", "private terminal");
	if (input < 0) /* the caller's terminal stays cooked and turns \n into \r\n itself */
		modes.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(slave, TCSANOW, &modes);
	if (ioctl(output, TIOCGWINSZ, &size) == 0)
		ioctl(slave, TIOCSWINSZ, &size);
}

/* In the program, leader of its process group; SIGTTOU is still blocked. */
void terminal_attach(void)
{
	if (slave < 0)
		return;
	tcsetpgrp(slave, getpid());
	for (int fd = 0; fd < JAIL_FD; fd++)
		if (plan.terminal & 1u << fd)
			dup2(slave, fd);
}

static bool foreground(void)
{
	return input >= 0 && tcgetpgrp(input) == getpgrp();
}

/* Called now and then: a shell does not tell a running job that it has come to the foreground. */
void terminal_enter(void)
{
	struct termios modes = cooked;

	if (raw || suspended || !foreground())
		return;
	cfmakeraw(&modes);
	tcsetattr(input, TCSADRAIN, &modes);
	raw = true;
}

static void leave(void)
{
	if (raw && foreground())
		tcsetattr(input, TCSANOW, &cooked);
	raw = false;
}

void terminal_suspend(void)
{
	leave();
	suspended = true;
}

void terminal_resume(void)
{
	suspended = false;
	terminal_enter();
	terminal_resize();
}

void terminal_resize(void)
{
	struct winsize size;

	if (output >= 0 && ioctl(output, TIOCGWINSZ, &size) == 0)
		ioctl(shared->master, TIOCSWINSZ, &size);
}

/* True where somebody has to call terminal_enter() now and then. */
bool terminal_waits(void)
{
	return input >= 0 && !raw && !suspended;
}

/* What to wait for: the caller's input, the master, room in the caller's terminal. */
void terminal_poll(struct pollfd polls[TERMINAL_POLLS])
{
	bool open = output >= 0 && shared->master;

	polls[0] = (struct pollfd){ raw && !typed.length ? input : -1, POLLIN, 0 };
	polls[1] = (struct pollfd){ open && (typed.length || !printed.length) ? shared->master : -1,
				    (short)((printed.length ? 0 : POLLIN) | (typed.length ? POLLOUT : 0)), 0 };
	polls[2] = (struct pollfd){ open && printed.length ? output : -1, POLLOUT, 0 };
}

static void pump_input(void)
{
	ssize_t length = raw ? read(input, typed.bytes, sizeof typed.bytes) : -1;

	if (length > 0)
		typed.length = (size_t)length;
	else if (length == 0)
		input = -1; /* hung up */
}

static void shift(char *bytes, size_t *length, ssize_t done)
{
	if (done <= 0)
		return;
	*length -= (size_t)done;
	memmove(bytes, bytes + done, *length);
}

/* What of `length` new bytes may still be shown. */
static size_t allowed(size_t length)
{
	uint64_t left = plan.limits.output > printed_bytes ? plan.limits.output - printed_bytes : 0;

	printed_bytes += length;
	return plan.limits.output && length > left ? (size_t)left : length;
}

static void pump_output(void)
{
	ssize_t length;

	if (!printed.length) {
		length = read(shared->master, printed.bytes, sizeof printed.bytes);
		printed.length = length > 0 ? allowed((size_t)length) : 0;
	}
	if (printed.length)
		shift(printed.bytes, &printed.length, write(output, printed.bytes, printed.length));
}

void terminal_pump(const struct pollfd polls[TERMINAL_POLLS])
{
	if (polls[0].revents)
		pump_input();
	if (polls[1].revents & POLLOUT)
		shift(typed.bytes, &typed.length, write(shared->master, typed.bytes, typed.length));
	if (polls[1].revents & POLLIN || polls[2].revents)
		pump_output();
}

uint64_t terminal_printed(void)
{
	return printed_bytes;
}

/* The program has ended: show the rest of what it printed, and give the terminal back. */
void terminal_close(void)
{
	struct pollfd polls[TERMINAL_POLLS];

	typed.length = 0;
	for (int left = DRAIN_MS; output >= 0 && shared->master && left > 0; left--) {
		terminal_poll(polls);
		polls[0].fd = -1;
		if (poll(polls, TERMINAL_POLLS, 0) <= 0 || !((polls[1].revents | polls[2].revents) & (POLLIN | POLLOUT))) {
			if (!printed.length)
				break;
			poll(NULL, 0, 1);
		}
		terminal_pump(polls);
	}
	leave();
}
