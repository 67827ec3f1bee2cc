/* SPDX-License-Identifier: MIT */
/*
 * jail.h - the processes of one run, and what each source file gives the others.
 *
 *   caller (node)
 *    `- helper      main.c        builds the jail, then serves limits, terminal, names and control
 *        |- sweeper     sweeper.c     removes what the run has outside, whoever was killed
 *        |- relay       relay.c       carries allowed connections across the network namespace
 *        |- (thread)    supervisor.c  answers notified system calls
 *        `- reaper      reaper.c      pid 1 of the jail: mounts, then waits for everything
 *            `- program     program.c     gives up every right, then execve()
 *
 * Helper, reaper and program share one descriptor table until the program's
 * execve(): that is how the supervisor gets the seccomp listener and the helper
 * the terminal, without a socket that the filter would have to allow.
 * Every descriptor is therefore close-on-exec from birth.
 *
 * All of them die with the helper (PR_SET_PDEATHSIG), the helper when its caller
 * closes JAIL_FD, and everything inside with the reaper. The sweeper alone lives
 * on, to remove the cgroups and sockets of the run.
 */
#ifndef JAIL_H
#define JAIL_H

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* What the processes tell each other; one shared anonymous mapping. */
struct shared {
	_Atomic int network;      /* flag: 1 + a descriptor of the network namespace */
	_Atomic int listener;     /* flag: 1 + the seccomp listener */
	_Atomic int program;      /* pidfd of the program, 0 before its execve() has succeeded */
	_Atomic int noted;        /* flag: the helper has read the program's pid, which may now be waited for */
	_Atomic int exec_error;   /* errno of a failed execve() */
	_Atomic int stopped;      /* the program was stopped by a signal */
	_Atomic int finished;     /* status is valid */
	_Atomic int status;       /* wait(2) status of the program */
	_Atomic uint64_t written; /* bytes written by processes the reaper has buried */
	int landlock_abi;         /* in force, 0: none */
	int proc;                 /* the jail's /proc, 0 without one */
	int master;               /* the private terminal, 0 without one */
	int events;               /* eventfd: program or stopped has changed */
	int upper[PLAN_MAX_MOUNTS], lower[PLAN_MAX_MOUNTS]; /* overlays, in mount order; 0: none */
};

extern struct plan plan;
extern struct shared *shared;
extern int helper_fd; /* pidfd of the helper */
extern int host_proc; /* O_PATH descriptor of the host's /proc: survives pivot_root() */

/* system.c: calls that no libc wraps, and the arithmetic of spawning */
pid_t spawn_process(unsigned long flags, int *pidfd);
int open_resolved(int dir, const char *path, uint64_t flags, uint64_t resolve);
int close_all(unsigned int from, unsigned int flags);
void flag_set(_Atomic int *flag, int value);
int flag_wait(_Atomic int *flag);
void die_with_parent(int number);
void kill_descendants(pid_t except);
void drop_capabilities(void);
void lock_capabilities(void);
ssize_t read_file(int dir, const char *path, char *buffer, size_t size);
int write_file(int dir, const char *path, const char *text);

/* report.c: to the caller */
void report(uint16_t type, uint16_t arg, const void *data, size_t size);
void report_lookup(const char *name);
void report_denied(struct report_denied *denied, const char *path, const char *path2);
_Noreturn void fail(int layer, int error, const char *step, const char *what);
#define NO_LAYER 0xffff

/* namespace.c */
void namespaces_enter(void);

/* mount.c */
void mounts_open(int userns);
void mounts_attach(void);
int mount_clone_read_only(const char *path);

/* stdio.c */
void stdio_check(void);
void stdio_protect(void);
void stdio_release(void);
void stdio_restore(void);

/* change.c: what an overlay holds after the run */
void changes_report(void);

/* network.c, relay.c, resolver.c */
extern int relay_directory; /* plan.relaydir, opened while the caller's rights last */
void network_prepare(void);
void network_open(void);
void network_publish(void);
void network_join(void);
pid_t relay_start(void);
extern int resolver_socket;
void resolver_open(void);
void resolver_serve(void);
size_t resolver_answer(uint8_t *packet, size_t size, size_t capacity, char *refused, size_t refused_size);

/* landlock.c */
void landlock_restrict(void);

/* supervisor.c, tracee.c */
void supervisor_start(void);
int tracee_path(uint32_t pid, int dirfd, uint64_t address, char *path, size_t size);
ssize_t tracee_read(uint32_t pid, uint64_t address, void *buffer, size_t size);

/* terminal.c: the first three in the helper before any fork, in the reaper, in the program */
enum { TERMINAL_POLLS = 3 };
void terminal_save(void);
void terminal_open(void);
void terminal_attach(void);
void terminal_enter(void);
void terminal_suspend(void);
void terminal_resume(void);
void terminal_resize(void);
bool terminal_waits(void);
uint64_t terminal_printed(void);
void terminal_poll(struct pollfd polls[TERMINAL_POLLS]);
void terminal_pump(const struct pollfd polls[TERMINAL_POLLS]);
void terminal_close(void);

/* usage.c */
struct usage {
	uint64_t cpu_ms, memory, written, tasks;
};
void usage_read(struct usage *usage);

/* sweeper.c */
void sweeper_start(void);
pid_t sweeper_pid(void);
void sweeper_finish(void);

/* cgroup.c */
void cgroups_open(void);
void cgroups_join(void);

/* reaper.c, program.c */
_Noreturn void reaper_main(void);
_Noreturn void program_main(void);

#endif
