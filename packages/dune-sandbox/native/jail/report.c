/* SPDX-License-Identifier: MIT */
/*
 * report.c - messages to the caller. Each goes out in one sendmsg(): the
 * processes of a run share the socket, and one message of this size is one
 * buffer in the kernel, so messages never mix.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jail.h"

static ssize_t send_report(uint16_t type, uint16_t arg, struct iovec *parts, int nparts, int flags)
{
	struct report head = { .type = type, .arg = arg };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = nparts };

	for (int i = 1; i < nparts; i++)
		head.size += (uint32_t)parts[i].iov_len;
	parts[0] = (struct iovec){ &head, sizeof head };
	return sendmsg(JAIL_FD, &message, flags | MSG_NOSIGNAL);
}

void report(uint16_t type, uint16_t arg, const void *data, size_t size)
{
	struct iovec parts[2] = { [1] = { (void *)data, size } };

	send_report(type, arg, parts, 2, 0);
}

/*
 * Refusals: the program makes as many as it likes, and a caller that does not read
 * must not stall it, nor the helper that watches its limits. What does not fit is
 * counted. The supervisor's thread and the helper's each count their own.
 */
static void send_refusal(uint16_t type, struct iovec *parts, int nparts)
{
	static _Thread_local uint64_t dropped;

	if (send_report(type, 0, parts, nparts, MSG_DONTWAIT) < 0) {
		dropped++;
	} else if (dropped) {
		struct iovec count[2] = { [1] = { &dropped, sizeof dropped } };

		if (send_report(REPORT_DROPPED, 0, count, 2, MSG_DONTWAIT) >= 0)
			dropped = 0;
	}
}

void report_lookup(const char *name)
{
	struct iovec parts[2] = { [1] = { (void *)name, strlen(name) + 1 } };

	send_refusal(REPORT_LOOKUP, parts, 2);
}

void report_denied(struct report_denied *denied, const char *path, const char *path2)
{
	struct iovec parts[4] = {
		[1] = { denied, sizeof *denied },
		[2] = { (void *)path, strlen(path) + 1 },
		[3] = { (void *)path2, strlen(path2) + 1 },
	};

	send_refusal(REPORT_DENIED, parts, 4);
}

_Noreturn void fail(int layer, int error, const char *step, const char *what)
{
	int32_t number = error;
	struct iovec parts[5] = {
		[1] = { &number, sizeof number },
		[2] = { (void *)step, strlen(step) },
		[3] = { (void *)(*what ? " " : ""), *what ? 1 : 0 },
		[4] = { (void *)what, strlen(what) + 1 },
	};

	if (send_report(REPORT_FAILED, (uint16_t)layer, parts, 5, 0) < 0) /* run by hand: no caller */
		dprintf(2, "dune-jail: %s %s: %s\n", step, what, strerror(error));
	_exit(125);
}
