/* SPDX-License-Identifier: MIT */
/*
 * terminal.c - a private terminal in place of the caller's. A program that held
 * the caller's own could read what is typed after it, change its modes, or push
 * input into it; through a pseudoterminal of its own it can do all that only to
 * itself, and still has colours, job control and a window size.
 *
 *   caller's terminal <- helper, raw mode -> master | slave -> program
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "jail.h"

static int input = -1, output = -1; /* the caller's, kept when 0 to 2 become the slave */
static int slave = -1;
static struct termios cooked;
static bool reading; /* the caller's terminal is ours to read: the job is not stopped */
static struct { char bytes[4096]; size_t length; } pending; /* typed, not yet taken by the master */

void terminal_save(void)
{
	for (int fd = 0; fd < JAIL_FD; fd++) {
		if (!(plan.terminal & 1u << fd))
			continue;
		output = fcntl(fd, F_DUPFD_CLOEXEC, JAIL_FD + 1);
		if (fd == 0)
			input = output;
	}
	if (output >= 0 && tcgetattr(output, &cooked) < 0)
		fail(NO_LAYER, errno, "tcgetattr", "");
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
	shared->master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (shared->master < 0)
		shared->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
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

void terminal_raw(void)
{
	struct termios raw = cooked;

	if (input < 0)
		return;
	cfmakeraw(&raw);
	tcsetattr(input, TCSADRAIN, &raw);
	reading = true;
}

void terminal_restore(void)
{
	struct pollfd last[2] = { [1] = { shared->master, POLLIN, 0 } };

	if (output < 0 || !shared->master)
		return;
	while (poll(&last[1], 1, 0) > 0 && last[1].revents & POLLIN)
		terminal_pump(last);
	if (input >= 0)
		tcsetattr(input, TCSADRAIN, &cooked);
	reading = false;
}

void terminal_resize(void)
{
	struct winsize size;

	if (output >= 0 && ioctl(output, TIOCGWINSZ, &size) == 0)
		ioctl(shared->master, TIOCSWINSZ, &size);
}

/* What to wait for: input when there is room for it, output always. */
void terminal_poll(struct pollfd polls[2])
{
	polls[0] = (struct pollfd){ reading && !pending.length ? input : -1, POLLIN, 0 };
	polls[1] = (struct pollfd){ output < 0 || !shared->master ? -1 : shared->master,
				    (short)(POLLIN | (pending.length ? POLLOUT : 0)), 0 };
}

static void pump_input(void)
{
	ssize_t length = read(input, pending.bytes, sizeof pending.bytes);

	if (length > 0)
		pending.length = (size_t)length;
	else if (length == 0 || errno != EINTR)
		input = -1; /* hung up */
}

static void pump_pending(void)
{
	ssize_t length = write(shared->master, pending.bytes, pending.length);

	if (length <= 0)
		return;
	pending.length -= (size_t)length;
	memmove(pending.bytes, pending.bytes + length, pending.length);
}

static void pump_output(void)
{
	char buffer[16384];
	ssize_t length = read(shared->master, buffer, sizeof buffer), done = 0, n;

	while (done < length && (n = write(output, buffer + done, (size_t)(length - done))) > 0)
		done += n;
}

void terminal_pump(const struct pollfd polls[2])
{
	if (polls[0].revents)
		pump_input();
	if (polls[1].revents & POLLOUT)
		pump_pending();
	if (polls[1].revents & POLLIN)
		pump_output();
}
