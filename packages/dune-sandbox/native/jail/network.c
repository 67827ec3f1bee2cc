/* SPDX-License-Identifier: MIT */
/*
 * network.c - the private network namespace: loopback up, and a listener for
 * every destination that the policy allows. The namespace is the dearest piece of
 * a jail, so the helper makes it while the reaper makes the mounts. An allowed host name stands for an
 * address of 127.0.1.0/24 (PLAN_NAME); an allowed IPv4 literal is added to the
 * loopback interface, so that a connection to it stays inside too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "jail.h"

static void loopback_up(int fd)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fail(LAYER_NET, errno, "bring up", "lo");
}

/* netdevice(7): an alias label carries the further address; /32, so that no route comes with it. */
static void loopback_add(int fd, const uint8_t address[4])
{
	static int aliases;
	struct ifreq request = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	snprintf(request.ifr_name, sizeof request.ifr_name, "lo:%d", ++aliases);
	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, address, 4);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		fail(LAYER_NET, errno, "add address to", "lo");
	in->sin_addr.s_addr = 0xffffffff;
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		fail(LAYER_NET, errno, "set netmask of", "lo");
}

static int listen_inside(const struct relay *relay)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(relay->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	memcpy(&in.sin_addr, relay->address, 4);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 128) < 0)
		fail(LAYER_NET, errno, "listen", relay->name);
	return fd;
}

/* In the relays' directory, which is the working directory for the moment. */
static int listen_outside(const struct relay *relay)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(un.sun_path, sizeof un.sun_path, "%s", relay->name) >= (int)sizeof un.sun_path)
		fail(LAYER_NET, ENAMETOOLONG, "listen", relay->name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof un) < 0 || listen(fd, 128) < 0)
		fail(LAYER_NET, errno, "listen", relay->name);
	return fd;
}

static bool added_before(size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(plan.relays[i].address, plan.relays[count].address, 4))
			return true;
	return false;
}

int relay_directory = -1;

void network_prepare(void)
{
	if (!plan.relaydir)
		return;
	relay_directory = open(plan.relaydir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (relay_directory < 0)
		fail(LAYER_NET, errno, "open", plan.relaydir);
}

void network_open(void)
{
	int control;

	if (unshare(CLONE_NEWNET) < 0)
		fail(LAYER_NET, errno, "unshare", "");
	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	loopback_up(control);
	if (plan.relaydir && fchdir(relay_directory) < 0)
		fail(LAYER_NET, errno, "chdir", plan.relaydir);
	for (size_t i = 0; i < plan.nrelays; i++) {
		struct relay *relay = &plan.relays[i];

		if (relay->direction == RELAY_IN) {
			relay->listener = listen_outside(relay);
			continue;
		}
		if (relay->address[0] != 127 && !added_before(i))
			loopback_add(control, relay->address);
		relay->listener = listen_inside(relay);
	}
	close(control);
	resolver_open();
}

/* Hands the namespace to the reaper through the descriptors that both share. */
void network_publish(void)
{
	int fd = openat(host_proc, "self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(LAYER_NET, errno, "open", "ns/net");
	flag_set(&shared->network, fd + 1);
}

void network_join(void)
{
	if (!(plan.layers & LAYER_NET))
		return;
	if (setns(flag_wait(&shared->network) - 1, CLONE_NEWNET) < 0)
		fail(LAYER_NET, errno, "setns", "network namespace");
}
