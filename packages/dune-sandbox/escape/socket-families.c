/* SPDX-License-Identifier: MIT */
/*
 * Socket families other than UNIX, INET, INET6 and routing netlink: a network
 * namespace does not cover AF_VSOCK, and the rest is kernel code that only
 * special programs need. (sandbox.md: EAFNOSUPPORT for all others.) Success: one
 * of them, or a raw socket, can be created.
 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "escape.h"

static void try_socket(const char *what, long family, long type, long protocol)
{
	long fd = syscall(SYS_socket, family, type, protocol);

	tried(what, fd);
	if (fd >= 0)
		close((int)fd);
}

int main(int argc, char **argv)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
	static const int netlink[] = {
		NETLINK_USERSOCK, NETLINK_SOCK_DIAG, NETLINK_XFRM, NETLINK_AUDIT, NETLINK_CONNECTOR,
		NETLINK_NETFILTER, NETLINK_KOBJECT_UEVENT, NETLINK_GENERIC, NETLINK_CRYPTO,
	};
	char what[80];
	int pair[2];

	(void)argc;
	begin(argv);
	for (int family = 0; family < 48; family++) {
		if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK)
			continue;
		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
			snprintf(what, sizeof(what), "family %d type %d", family, types[i]);
			try_socket(what, family, types[i], 0);
		}
	}
	for (size_t i = 0; i < sizeof(netlink) / sizeof(*netlink); i++) {
		snprintf(what, sizeof(what), "netlink protocol %d", netlink[i]);
		try_socket(what, AF_NETLINK, SOCK_RAW, netlink[i]);
	}
	try_socket("raw IPv4", AF_INET, SOCK_RAW, IPPROTO_ICMP);
	try_socket("raw IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	try_socket("SOCK_PACKET", AF_INET, SOCK_PACKET, htons(3));
	try_socket("vsock with the upper half set", 1l << 32 | AF_VSOCK, SOCK_STREAM, 0);
	try_socket("packet with the upper half set", 1l << 32 | AF_PACKET, SOCK_RAW, 0);
	tried("socketpair of TIPC", socketpair(AF_TIPC, SOCK_STREAM, 0, pair));
	return verdict();
}
