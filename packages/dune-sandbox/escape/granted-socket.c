/* SPDX-License-Identifier: MIT */
/*
 * Host services listen on unix sockets that lie in granted directories: the
 * read-write working directory (workdirsocket=, a name in it) and a read-only tree
 * (readonlysocket=). The name comes with the directory, and read-only says nothing
 * about connecting; through a connection a descriptor can be received that leads
 * out. (sandbox.md: sockets lying in a read-write working directory; peers.md:
 * SCM_RIGHTS.) Success: a connection, or the secret read through a received
 * directory descriptor.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include "escape.h"

static int connected(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (void *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* The service sends one byte with a descriptor of its directory outside. */
static void receive_directory(int fd)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct timeval patience = { 1, 0 };
	struct cmsghdr *header;
	int directory;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1 || !(header = CMSG_FIRSTHDR(&message))) {
		refused("no descriptor received");
		return;
	}
	memcpy(&directory, CMSG_DATA(header), sizeof(directory));
	tried_reading("a received directory", openat(directory, "secret", O_RDONLY));
	close(directory);
}

int main(int argc, char **argv)
{
	const char *name;
	char path[400];
	int fd;

	(void)argc;
	begin(argv);
	name = need("workdirsocket");
	fd = (int)tried("connect by name", connected(name));
	if (fd >= 0) {
		receive_directory(fd);
		close(fd);
	}
	snprintf(path, sizeof(path), "/proc/self/cwd/%s", name);
	tried("connect through /proc/self/cwd", connected(path));
	if (fact("readonlysocket"))
		tried("connect in the read-only tree", connected(fact("readonlysocket")));
	if (link(name, "second-name") == 0) {
		tried("connect by a hard link", connected("second-name"));
		unlink("second-name");
	}
	return verdict();
}
