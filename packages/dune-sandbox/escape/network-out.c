/* SPDX-License-Identifier: MIT */
/*
 * Reach a service of the host over IP, on its loopback (tcp=, udp= ports) and on
 * its own address (address=), by every way that leaves: connect, sendto, sendmmsg,
 * MSG_FASTOPEN, multipath TCP, SCTP, IPv6, a mapped address, a name query to the
 * host's resolver. (sandbox.md: Landlock's TCP rules do not cover UDP,
 * MSG_FASTOPEN, MPTCP.) The host's services answer with the token. Success: an
 * answer arrives.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include "escape.h"

enum { PATIENCE_MS = 300, MPTCP = 262 };

static struct sockaddr_storage to;
static socklen_t to_length;

static void aim(const char *address, const char *port)
{
	struct sockaddr_in *v4 = (void *)&to;
	struct sockaddr_in6 *v6 = (void *)&to;

	memset(&to, 0, sizeof(to));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((unsigned short)atoi(port));
		to_length = sizeof(*v4);
	} else {
		inet_pton(AF_INET6, address, &v6->sin6_addr);
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((unsigned short)atoi(port));
		to_length = sizeof(*v6);
	}
}

static int wait_for(int fd, short events)
{
	struct pollfd poll_fd = { fd, events, 0 };

	if (poll(&poll_fd, 1, PATIENCE_MS) == 1)
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

/* Reads the answer and closes. */
static void answer(const char *what, int fd)
{
	tried_reading(what, wait_for(fd, POLLIN) < 0 ? -1 : dup(fd));
	close(fd);
}

static void stream(const char *what, int protocol)
{
	int error = 0, fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, protocol);
	socklen_t length = sizeof(error);

	if (fd < 0) {
		refused("%s: socket: %s", what, strerrorname_np(errno));
		return;
	}
	if (connect(fd, (void *)&to, to_length) < 0 && errno != EINPROGRESS) {
		tried_reading(what, -1);
		close(fd);
		return;
	}
	if (wait_for(fd, POLLOUT) == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
		answer(what, fd);
		return;
	}
	refused("%s: %s", what, strerrorname_np(error ?: ETIMEDOUT));
	close(fd);
}

static void fast_open(const char *what)
{
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || (sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&to, to_length) < 0 && errno != EINPROGRESS)) {
		tried_reading(what, -1);
		if (fd >= 0)
			close(fd);
		return;
	}
	answer(what, fd);
}

static void datagram(const char *what, int many)
{
	static char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04" "dune\x07" "invalid\x00\x00\x01\x00\x01";
	struct iovec data = { query, sizeof(query) - 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to, .msg_namelen = to_length, .msg_iov = &data, .msg_iovlen = 1 } };
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	long sent;

	if (fd < 0) {
		tried_reading(what, -1);
		return;
	}
	sent = many ? sendmmsg(fd, &message, 1, 0) : sendto(fd, query, sizeof(query) - 1, 0, (void *)&to, to_length);
	if (sent < 0) {
		tried_reading(what, -1);
		close(fd);
		return;
	}
	answer(what, fd);
}

static void every_way(const char *address)
{
	char what[128];

#define WAY(name) (snprintf(what, sizeof(what), "%s to %s", name, address), what)
	aim(address, need("tcp"));
	stream(WAY("TCP"), 0);
	stream(WAY("MPTCP"), MPTCP);
	stream(WAY("SCTP"), IPPROTO_SCTP);
	fast_open(WAY("MSG_FASTOPEN"));
	aim(address, need("udp"));
	datagram(WAY("UDP"), 0);
	datagram(WAY("UDP by sendmmsg"), 1);
#undef WAY
}

int main(int argc, char **argv)
{
	(void)argc;
	begin(argv);
	every_way("127.0.0.1");
	every_way("127.0.0.53");
	every_way("::1");
	every_way("::ffff:127.0.0.1");
	every_way("0.0.0.0");
	if (fact("address"))
		every_way(fact("address"));
	return verdict();
}
