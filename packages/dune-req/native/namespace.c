/* SPDX-License-Identifier: MIT */
/*
 * namespace.c - creates every namespace that the sandbox uses, and inside them a root
 * file system of its own. Without a user namespace the rest is still tried: root in a
 * container may have it without.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "probe.h"

static const struct {
	const char *name, *file;
	int flag;
} namespaces[] = {
	{ "mount", "/proc/self/ns/mnt", CLONE_NEWNS },
	{ "pid", "/proc/self/ns/pid_for_children", CLONE_NEWPID },
	{ "net", "/proc/self/ns/net", CLONE_NEWNET },
	{ "ipc", "/proc/self/ns/ipc", CLONE_NEWIPC },
	{ "uts", "/proc/self/ns/uts", CLONE_NEWUTS },
	{ "cgroup", "/proc/self/ns/cgroup", CLONE_NEWCGROUP },
};

/* unshare(2), and then look: a kernel or a filter that says yes and does nothing is EPROTO. */
static int unshare_one(const char *file, int flag)
{
	struct stat before, after;
	int known = stat(file, &before) == 0;

	if (unshare(flag) < 0)
		return -1;
	/* Without a first child pid_for_children cannot be read: the child's own pid decides there. */
	if (known && flag != CLONE_NEWPID && stat(file, &after) == 0 && before.st_ino == after.st_ino) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

/* One line each for the caller's own ids, which needs no privileges (user_namespaces(7)). */
static void try_user(void)
{
	const int uid = geteuid(), gid = getegid();
	char map[48];

	report_begin("user");
	if (report_step("user", unshare_one("/proc/self/ns/user", CLONE_NEWUSER)) < 0)
		return;
	report_begin("maps");
	int result = write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %d 1", uid);
	result = result < 0 ? result : write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof map, "0 %d 1", gid);
	result = result < 0 ? result : write_file("/proc/self/gid_map", map);
	report_step("maps", result);
}

static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (file < 0)
		return -1;
	int result = ioctl(file, SIOCSIFFLAGS, &request);
	int error = errno;
	close(file);
	errno = error;
	return result;
}

/* A file written through the overlay must be in the upper directory and nowhere else. */
static int try_overlay(void)
{
	struct stat found;

	if (mkdir("lower", 0700) < 0 || mkdir("upper", 0700) < 0 || mkdir("work", 0700) < 0 || mkdir("merged", 0700) < 0)
		return -1;
	if (mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr") < 0)
		return -1;
	int file = open("merged/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return -1;
	close(file);
	errno = EPROTO;
	return stat("upper/file", &found) == 0 && stat("lower/file", &found) < 0 ? 0 : -1;
}

/* pivot_root(".", ".") stacks the old root on the new one, from where it is detached (pivot_root(2)). */
static int enter_root(void)
{
	struct stat found;

	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -1;
	errno = EPROTO;
	return stat("/dune-probe-root", &found) == 0 && stat("/proc/../usr", &found) < 0 ? 0 : -1;
}

static void try_root(void)
{
	report_begin("root");
	/* First of all nothing that we mount may reach the host. */
	int result = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	result = result < 0 ? result : mount("dune", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700");
	result = result < 0 ? result : chdir("/tmp");
	if (report_step("tmpfs", result) < 0)
		return;
	report_begin("overlay");
	report_step("overlay", try_overlay());
	report_begin("proc");
	result = mkdir("proc", 0700);
	report_step("proc", result < 0 ? result : mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	report_begin("root");
	result = mkdir("dune-probe-root", 0700);
	report_step("root", result < 0 ? result : enter_root());
}

/* The first child after unshare(CLONE_NEWPID) is process 1 of the new namespace. */
static void try_inside(int own_mounts, int own_pids, int own_net)
{
	if (own_pids) {
		errno = EPROTO;
		report_step("pid", getpid() == 1 ? 0 : -1);
	}
	if (own_net)
		report_step("loopback", raise_loopback());
	if (own_mounts)
		try_root();
}

void try_namespaces(void)
{
	int own = 0, status;

	try_user();
	for (unsigned i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
		report_begin(namespaces[i].name);
		int result = unshare_one(namespaces[i].file, namespaces[i].flag);
		/* The pid namespace is not there before its first process says so. */
		if (result < 0 || namespaces[i].flag != CLONE_NEWPID)
			report_step(namespaces[i].name, result);
		own |= result < 0 ? 0 : namespaces[i].flag;
	}
	pid_t child = fork();
	if (child < 0) {
		report_step("inside", -1);
		return;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		limit_time();
		try_inside(own & CLONE_NEWNS, own & CLONE_NEWPID, own & CLONE_NEWNET);
		_exit(0);
	}
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
		report_number("signal.inside", WTERMSIG(status));
}
