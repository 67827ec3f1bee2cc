/* SPDX-License-Identifier: MIT */
/*
 * Devices: by name, by making the node where one may write, and by opening such a
 * node. (sandbox.md: minimal /dev, mknod; issue: /dev/mem, /dev/kvm, /dev/vda.)
 * Success: a device beyond the harmless ones opens or a node is made. They are
 * only opened: nothing is read or written. Watchdogs are left out, because
 * opening one starts it.
 */
#include <sys/sysmacros.h>
#include "escape.h"

static void try_device(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	tried(path, fd);
	if (fd >= 0)
		close(fd);
}

static void make(const char *directory, const char *name, mode_t type, dev_t device)
{
	char path[4200], what[4300];

	snprintf(path, sizeof(path), "%s/dune-node", directory);
	snprintf(what, sizeof(what), "mknod of %s in %s", name, directory);
	if (tried(what, mknod(path, type | 0600, device)) == 0) {
		try_device(path);
		unlink(path);
	}
}

int main(int argc, char **argv)
{
	static const char *const paths[] = {
		"/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/dune", "/dev/vda", "/dev/vda1", "/dev/sda",
		"/dev/nvme0n1", "/dev/loop0", "/dev/loop-control", "/dev/fuse", "/dev/net/tun", "/dev/vhost-net", "/dev/vhost-vsock",
		"/dev/vsock", "/dev/uinput", "/dev/input/event0", "/dev/dri/card0", "/dev/dri/renderD128", "/dev/snd/seq",
		"/dev/cpu/0/msr", "/dev/console", "/dev/tty0", "/dev/tty1", "/dev/vcs", "/dev/hpet", "/dev/rtc0", "/dev/nvram",
		"/dev/mapper/control", "/dev/btrfs-control", "/dev/autofs", "/dev/cpu_dma_latency", "/dev/userfaultfd",
		"/dev/bus/usb/001/001", "/dev/ptp0", "/dev/tpm0", "/dev/hwrng", "/dev/snapshot",
	};
	const char *places[] = { ".", "/tmp", "/dev/shm", "/dev", getenv("HOME") };
	struct stat root;

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		try_device(paths[i]);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!places[i])
			continue;
		make(places[i], "memory", S_IFCHR, makedev(1, 1));
		make(places[i], "kvm", S_IFCHR, makedev(10, 232));
		if (stat("/usr", &root) == 0)
			make(places[i], "the root disk", S_IFBLK, root.st_dev);
	}
	return verdict();
}
