/* SPDX-License-Identifier: MIT */
/*
 * Unix sockets of the host: by abstract name (abstract=), by path outside
 * (socket=), in /tmp beside X11's (tmpsocket=), and the well-known ones of docker,
 * dbus, systemd and the user's session. One connection to the right daemon is the
 * whole machine. (peers.md: unix sockets and SCM_RIGHTS, docker.sock, abstract
 * sockets.) Success: a connection or a datagram is accepted.
 */
#include <glob.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "escape.h"

static void try_address(const char *what, const struct sockaddr_un *address, socklen_t length)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int worst = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			continue;
		if (connect(fd, (const void *)address, length) == 0)
			escaped("connected to %s (type %d)", what, types[i]);
		else if (errno != EPROTOTYPE)
			worst = errno;
		if (types[i] == SOCK_DGRAM && sendto(fd, "x", 1, 0, (const void *)address, length) == 1)
			escaped("datagram to %s", what);
		close(fd);
	}
	if (worst)
		refused("%s: %s", what, strerrorname_np(worst));
}

static void by_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	glob_t found;

	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct stat status;

		if (stat(found.gl_pathv[i], &status) < 0 || !S_ISSOCK(status.st_mode))
			continue;
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", found.gl_pathv[i]);
		try_address(address.sun_path, &address, sizeof(address));
	}
	globfree(&found);
}

/* A path that the caller knows to be a socket, whatever we can see of it. */
static void by_fact(const char *key)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!fact(key))
		return;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fact(key));
	try_address(key, &address, sizeof(address));
}

static void abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char what[160];

	strncpy(address.sun_path + 1, name, sizeof(address.sun_path) - 2);
	snprintf(what, sizeof(what), "abstract socket %s", name);
	try_address(what, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
}

int main(int argc, char **argv)
{
	static const char *const well_known[] = {
		"/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
		"/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/journal/*", "/run/systemd/notify",
		"/run/udev/control", "/run/snapd.socket", "/run/user/*/bus", "/run/user/*/*", "/run/user/*/*/*",
		"/tmp/.X11-unix/*", "/tmp/ssh-*/agent.*", "/tmp/.ICE-unix/*", "/var/lib/lxd/unix.socket", "/run/*.sock",
	};
	char name[64];

	(void)argc;
	begin(argv);
	abstract(need("abstract"));
	snprintf(name, sizeof(name), "/tmp/.X11-unix/X0");
	abstract(name);
	by_fact("socket");
	by_fact("tmpsocket");
	for (size_t i = 0; i < sizeof(well_known) / sizeof(*well_known); i++)
		by_path(well_known[i]);
	return verdict();
}
