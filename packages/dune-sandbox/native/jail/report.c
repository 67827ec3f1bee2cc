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

/* A caller that does not read must not stall the program: what does not fit is counted. */
void report_denied(struct report_denied *denied, const char *path, const char *path2)
{
	static uint64_t dropped;
	struct iovec parts[4] = {
		[1] = { denied, sizeof *denied },
		[2] = { (void *)path, strlen(path) + 1 },
		[3] = { (void *)path2, strlen(path2) + 1 },
	};

	if (send_report(REPORT_DENIED, 0, parts, 4, MSG_DONTWAIT) < 0) {
		dropped++;
	} else if (dropped) {
		report(REPORT_DROPPED, 0, &dropped, sizeof dropped);
		dropped = 0;
	}
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
