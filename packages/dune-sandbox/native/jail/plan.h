/* SPDX-License-Identifier: MIT */
/*
 * plan.h - what the jail is told to build, and what it reports back.
 *
 * The TypeScript side decides everything (policy, paths, system-call filter); the
 * jail carries it out in a fixed order and never decides for itself. Both speak
 * over one descriptor, JAIL_FD, usually a stream socket:
 *
 *   caller -> jail   struct plan_header, then `length` bytes of records (the plan);
 *                    afterwards struct control messages until end of file. End of
 *                    file means that the caller is gone: everything is killed.
 *   jail -> caller   struct report messages.
 *
 * If JAIL_FD is a regular file the plan is read from it, and there is neither
 * control nor report (benchmarks, fuzzing, debugging by hand).
 *
 * All integers are little-endian. A record is a struct plan_record followed by
 * `size` bytes. A string is NUL-terminated inside its record, and a record holds
 * exactly the strings and integers its comment names, in that order, unaligned.
 *
 *      0        2        4                8
 *      +--------+--------+----------------+----------------------+
 *      | type   | arg    | size           | payload (size bytes) |
 *      +--------+--------+----------------+----------------------+
 */
#ifndef JAIL_PLAN_H
#define JAIL_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

#define JAIL_FD 3
#define PLAN_MAGIC 0x4e4c5044u /* "DPLN" */
#define PLAN_VERSION 1u
#define PLAN_MAX_BYTES (4u << 20)

enum {
	PLAN_MAX_ARGS = 32768,
	PLAN_MAX_MOUNTS = 1024,
	PLAN_MAX_RULES = 1024,
	PLAN_MAX_RLIMITS = 16,
	PLAN_MAX_RELAYS = 64,
	PLAN_MAX_NAMES = 256,
	PLAN_MAX_CGROUPS = 4,
	PLAN_MAX_FILTER = 4096, /* BPF_MAXINSNS */
	PLAN_MAX_SYSCALL = 512,
	PLAN_MAX_ABI = 15,
};

struct plan_header {
	uint32_t magic, version, length;
};

struct plan_record {
	uint16_t type, arg;
	uint32_t size;
};

/* struct plan_record.type. `arg` is zero where nothing is said about it. */
enum {
	PLAN_ARG = 1,  /* string: one element of argv, in order */
	PLAN_ENV,      /* string: NAME=value */
	PLAN_CWD,      /* string: working directory, seen from inside */
	PLAN_EXEC,     /* string: the file to execve(), seen from inside */
	PLAN_LAYERS,   /* u32: LAYER_* wanted; one that cannot be had is a failure */
	PLAN_ID,       /* u32 inside uid, outside uid, inside gid, outside gid, count */
	PLAN_HOSTNAME, /* string */
	PLAN_BIND,     /* arg: BIND_*; strings: source on the host, target inside */
	PLAN_TMPFS,    /* u64 size in bytes, u32 mode; string: target */
	PLAN_SYMLINK,  /* strings: text, path inside */
	PLAN_FILE,     /* string: path inside; the rest is its contents (read-only) */
	PLAN_LANDLOCK, /* arg: Landlock ABI; u64 handled fs, net, scoped on it. The newest the kernel has counts. */
	PLAN_RULE,     /* u64 LANDLOCK_ACCESS_FS_*; string: path inside */
	PLAN_FILTER,   /* struct sock_filter[] */
	PLAN_SYSCALL,  /* struct plan_syscall: how to answer a notified system call */
	PLAN_RLIMIT,   /* u32 resource, u64 soft, u64 hard */
	PLAN_CGROUP,   /* string: a cgroup.procs file on the host to join */
	PLAN_LIMITS,   /* u64 wall ms, cpu ms, memory bytes, written bytes, tasks, bytes on the terminal; 0: none */
	PLAN_RELAYDIR, /* string: host directory that holds the relays' unix sockets */
	PLAN_RELAY,    /* arg: RELAY_*; u16 port, u8[4] address (IPv4); string: socket's name */
	PLAN_NAME,     /* u8[4] address (IPv4); string: host name the stub resolver answers */
	PLAN_TERMINAL, /* arg: bit n set: descriptor n becomes the private terminal */
};

/* PLAN_LAYERS */
enum {
	LAYER_USER = 1 << 0,    /* user namespace */
	LAYER_MOUNT = 1 << 1,   /* mount namespace, own root */
	LAYER_PID = 1 << 2,
	LAYER_NET = 1 << 3,
	LAYER_IPC = 1 << 4,
	LAYER_UTS = 1 << 5,
	LAYER_CGROUP = 1 << 6,  /* cgroup namespace */
	LAYER_LANDLOCK = 1 << 7,
	LAYER_SECCOMP = 1 << 8,
	LAYER_SUPERVISOR = 1 << 9, /* notified system calls are answered and reported */
};

/* PLAN_BIND */
enum {
	BIND_READONLY = 1 << 0,
	BIND_NOEXEC = 1 << 1,
	BIND_IDMAP = 1 << 2,    /* show files of PLAN_ID's inside ids as its outside ids */
	BIND_DEVICE = 1 << 3,   /* a device node: mounted without nodev */
	BIND_OVERLAY = 1 << 4,  /* writes go to a private upper layer and are listed at the end */
};

/* PLAN_RELAY: connections cross the network namespace through a unix socket. */
enum {
	RELAY_OUT = 0, /* listen on address:port inside, connect to the unix socket */
	RELAY_IN = 1,  /* listen on the unix socket, connect to address:port inside */
};

#define NO_ARG 0xff

/*
 * PLAN_SYSCALL: what the supervisor does with one notified system call. Argument
 * indices count from 0; NO_ARG where the call has none.
 */
struct plan_syscall {
	uint16_t number;
	uint16_t error;   /* refuse with this errno; 0: let the kernel decide, report only */
	uint8_t dir, path;    /* dirfd and path; dir NO_ARG: relative to the cwd */
	uint8_t dir2, path2;  /* the second pair (rename, link) */
	uint8_t openflags;    /* index of open(2) flags, or of struct open_how's pointer */
	uint8_t address;      /* index of a sockaddr pointer; its length is the next argument */
	uint16_t reserved;
	uint64_t access;      /* LANDLOCK_ACCESS_FS_* needed on path (openflags adds to it) */
	uint64_t access2;     /* the same for path2 */
};

/* caller -> jail after the plan */
struct control {
	uint8_t op;  /* CONTROL_* */
	uint8_t arg;
};

enum {
	/* arg: signal for the program's process group; SIGKILL: for everything; SIGCONT: and the terminal is ours again */
	CONTROL_SIGNAL = 1,
};

/* jail -> caller: struct report, then `size` bytes */
struct report {
	uint16_t type, arg;
	uint32_t size;
};

enum {
	REPORT_STARTED = 1, /* u32 host pid, u32 Landlock ABI: the program's execve() succeeded */
	REPORT_FAILED,      /* arg: LAYER_*, or 0xffff; i32 errno; string: the step that failed, and on what */
	REPORT_DENIED,      /* struct report_denied, then strings: path, second path (may be empty) */
	REPORT_LOOKUP,      /* string: host name that the stub resolver refused */
	REPORT_LIMIT,       /* arg: LIMIT_*; u64 observed value. The program is killed. */
	REPORT_CHANGE,      /* arg: CHANGE_*; u64 size; string: path inside an overlay */
	REPORT_DROPPED,     /* u64: refusals that were not reported because the caller did not read */
	REPORT_EXIT,        /* struct report_exit; the last report but REPORT_CHANGE */
	REPORT_DONE,        /* nothing follows */
	REPORT_STOPPED,     /* the program was stopped from its private terminal: stop the caller's job */
};

struct report_denied {
	uint32_t pid;     /* host pid of the caller */
	uint16_t number;  /* system call */
	uint16_t error;   /* errno it was refused with; 0: the kernel decides */
	uint64_t access;  /* LANDLOCK_ACCESS_FS_* that no rule grants on the path; 0: none asked */
	uint64_t access2;
	uint64_t args[6];
	uint8_t address[28]; /* a struct sockaddr_in or _in6 or the head of another, if plan_syscall.address */
	uint32_t addrlen;
};

struct report_exit {
	int32_t status;       /* wait(2) status of the program */
	uint32_t tasks;       /* most tasks seen at once */
	uint64_t wall_us, cpu_us;
	uint64_t memory;      /* highest sum of resident bytes seen, or the largest process's */
	uint64_t written;     /* bytes written to storage */
};

enum {
	LIMIT_WALL = 1, LIMIT_CPU, LIMIT_MEMORY, LIMIT_DISK, LIMIT_TASKS, LIMIT_OUTPUT,
};

enum {
	CHANGE_CREATED = 1, CHANGE_MODIFIED, CHANGE_DELETED, CHANGE_REPLACED_DIR,
};

/* ---- the parsed plan: pointers into the buffer, nothing copied ---- */

struct mount {
	uint16_t type, flags;      /* PLAN_BIND.. PLAN_FILE, BIND_* */
	const char *source;        /* BIND: host path; SYMLINK: text; FILE: contents */
	const char *target;
	uint64_t size;             /* TMPFS: bytes; FILE: length */
	uint32_t mode;
	int tree;                  /* BIND: detached mount, -1 until opened */
};

struct rule {
	uint64_t access;
	const char *path;
	size_t length;
};

struct relay {
	uint16_t direction, port;
	uint8_t address[4];
	const char *name;
	int listener;
};

struct name {
	uint8_t address[4];
	const char *name;
};

struct id_map {
	uint32_t inside_uid, outside_uid, inside_gid, outside_gid, count;
};

struct plan {
	const char *argv[PLAN_MAX_ARGS + 1], *envp[PLAN_MAX_ARGS + 1];
	const char *cwd, *exec, *hostname, *relaydir;
	uint32_t layers, terminal;
	struct id_map id;
	struct mount mounts[PLAN_MAX_MOUNTS];
	struct rule rules[PLAN_MAX_RULES];
	struct { uint32_t resource; uint64_t soft, hard; } rlimits[PLAN_MAX_RLIMITS];
	struct relay relays[PLAN_MAX_RELAYS];
	struct name names[PLAN_MAX_NAMES];
	const char *cgroups[PLAN_MAX_CGROUPS];
	struct plan_syscall syscalls[PLAN_MAX_SYSCALL]; /* indexed by number; path etc. valid if present */
	uint8_t supervised[PLAN_MAX_SYSCALL];
	struct landlock { uint64_t fs, net, scoped; } landlock[PLAN_MAX_ABI + 1]; /* by ABI */
	struct { uint64_t wall_ms, cpu_ms, memory, written, tasks, output; } limits;
	struct sock_filter filter[PLAN_MAX_FILTER];
	size_t argc, envc, nmounts, nrules, nrlimits, nrelays, nnames, ncgroups, nfilter;
};

/*
 * Parse `length` bytes at `bytes` into `plan`, which the caller has zeroed. The
 * buffer must outlive the plan. Returns 0, or -EBADMSG for anything that is not
 * exactly as described above (unknown type, size, missing NUL, too many records).
 */
int plan_parse(struct plan *plan, const void *bytes, size_t length);

#endif
