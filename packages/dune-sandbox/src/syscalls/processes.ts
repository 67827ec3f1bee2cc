/** Calls about processes: their life, memory, signals, identity, scheduling and clocks. */

import { ERRNO } from "../errno.js";
import { ACCESS } from "../landlock.js";
import { allow, anyBit, check, equals, masked, refuse, refuseQuietly, watch, when } from "./row.js";
import type { Syscall } from "./syscall.js";

const EPERM = { errno: ERRNO.EPERM };

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: namespaces(7). */
const CLONE_NEW = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;
/** Only unshare can make a time namespace; in clone the bit is part of the exit signal. */
const CLONE_NEWTIME = 0x80;

const NAMESPACE_REASON = "with CLONE_NEW flags would make a namespace, where the program has every capability";

/** personality(2): what a program may be. ADDR_NO_RANDOMIZE is for gdb and the sanitizers; 0xffffffff only asks. */
const PER_LINUX32 = 0x0008;
const UNAME26 = 0x0002_0000;
const ADDR_NO_RANDOMIZE = 0x0004_0000;
const HARMLESS_PERSONALITY = PER_LINUX32 | UNAME26 | ADDR_NO_RANDOMIZE;
const ASK_PERSONALITY = 0xffff_ffff;

/** prctl(2): options that concern the caller alone and need no privilege. */
const PRCTL = {
  SET_PDEATHSIG: 1, GET_PDEATHSIG: 2, GET_DUMPABLE: 3, SET_DUMPABLE: 4, GET_KEEPCAPS: 7, SET_KEEPCAPS: 8,
  GET_TIMING: 13, SET_TIMING: 14, SET_NAME: 15, GET_NAME: 16, GET_SECCOMP: 21, SET_SECCOMP: 22,
  CAPBSET_READ: 23, CAPBSET_DROP: 24, GET_TSC: 25, SET_TSC: 26, GET_SECUREBITS: 27, SET_SECUREBITS: 28,
  SET_TIMERSLACK: 29, GET_TIMERSLACK: 30, MCE_KILL_GET: 34, SET_CHILD_SUBREAPER: 36, GET_CHILD_SUBREAPER: 37,
  SET_NO_NEW_PRIVS: 38, GET_NO_NEW_PRIVS: 39, GET_TID_ADDRESS: 40, SET_THP_DISABLE: 41, GET_THP_DISABLE: 42,
  CAP_AMBIENT: 47, GET_SPECULATION_CTRL: 52, SET_SPECULATION_CTRL: 53, GET_IO_FLUSHER: 58,
  SET_SYSCALL_USER_DISPATCH: 59, SET_MDWE: 65, GET_MDWE: 66, GET_MEMORY_MERGE: 68, TIMER_CREATE_RESTORE_IDS: 77,
  FUTEX_HASH: 78, SET_VMA: 0x5356_4d41, GET_AUXV: 0x4155_5856, SET_PTRACER: 0x5961_6d61,
} as const;

const life: readonly Syscall[] = [
  check(56, "clone", { cases: [when([anyBit(0, CLONE_NEW)], EPERM)], otherwise: "allow", reason: NAMESPACE_REASON }),
  check(272, "unshare", {
    cases: [when([anyBit(0, CLONE_NEW | CLONE_NEWTIME)], EPERM)],
    otherwise: "allow",
    reason: NAMESPACE_REASON,
  }),
  {
    // Its flags are in memory, where a filter cannot look; libc falls back to clone.
    number: 435, name: "clone3", action: { cases: [], otherwise: { errno: ERRNO.ENOSYS } }, report: "never",
    reason: "passes its flags in memory, where no filter can check them; clone does the same",
  },
  watch("default", 59, "execve", { path: 0, access: ACCESS.EXECUTE }),
  watch("default", 322, "execveat", { dir: 0, path: 1, access: ACCESS.EXECUTE }),
  ...allow({
    fork: 57, vfork: 58, exit: 60, wait4: 61, exit_group: 231, waitid: 247, pidfd_open: 434, pidfd_send_signal: 424,
    ptrace: 101, process_vm_readv: 310, process_vm_writev: 311, set_tid_address: 218, rseq: 334,
    set_robust_list: 273, get_robust_list: 274, membarrier: 324,
    futex: 202, futex_waitv: 449, futex_wake: 454, futex_wait: 455, futex_requeue: 456,
    // Entered from the trampolines of a uprobe that the host's administrator has set; a direct call gets SIGILL.
    uretprobe: 335, uprobe: 336,
  }),
];

const memory: readonly Syscall[] = [
  ...allow({
    mmap: 9, mprotect: 10, munmap: 11, brk: 12, mremap: 25, msync: 26, mincore: 27, madvise: 28,
    mlock: 149, munlock: 150, mlockall: 151, munlockall: 152, mlock2: 325,
    mbind: 237, set_mempolicy: 238, get_mempolicy: 239, set_mempolicy_home_node: 450,
    pkey_mprotect: 329, pkey_alloc: 330, pkey_free: 331, map_shadow_stack: 453, mseal: 462,
  }),
  ...refuse(ERRNO.EPERM, "lets a program stall the kernel in the middle of a copy, which many exploits need", { userfaultfd: 323 }),
  ...refuse(ERRNO.EPERM, "moves pages between the machine's memory nodes", { migrate_pages: 256, move_pages: 279 }),
  ...refuse(ERRNO.EPERM, "acts on another process's memory", { process_madvise: 440, process_mrelease: 448 }),
  ...refuse(ERRNO.ENOSYS, "changes the processor's descriptor tables, for 16-bit programs", { modify_ldt: 154 }),
  ...refuseQuietly(ERRNO.ENOSYS, "takes memory out of the kernel's sight", { memfd_secret: 447 }),
  ...refuseQuietly(ERRNO.ENOSYS, "was replaced by mmap in Linux 3.16", { remap_file_pages: 216 }),
];

const signals = allow({
  rt_sigaction: 13, rt_sigprocmask: 14, rt_sigreturn: 15, pause: 34, kill: 62, rt_sigpending: 127, rt_sigtimedwait: 128,
  rt_sigqueueinfo: 129, rt_sigsuspend: 130, sigaltstack: 131, tkill: 200, restart_syscall: 219, tgkill: 234,
  rt_tgsigqueueinfo: 297,
});

// Changing identity is harmless: the user namespace maps one id, no capability is left, and set-user-ID has no effect.
const identity: readonly Syscall[] = [
  ...allow({
    getpid: 39, gettid: 186, getppid: 110, getpgrp: 111, setpgid: 109, getpgid: 121, setsid: 112, getsid: 124,
    getuid: 102, getgid: 104, geteuid: 107, getegid: 108, setuid: 105, setgid: 106, setreuid: 113, setregid: 114,
    getgroups: 115, setgroups: 116, setresuid: 117, getresuid: 118, setresgid: 119, getresgid: 120, setfsuid: 122, setfsgid: 123,
    capget: 125, capset: 126, uname: 63, arch_prctl: 158,
    seccomp: 317, landlock_create_ruleset: 444, landlock_add_rule: 445, landlock_restrict_self: 446,
  }),
  check(157, "prctl", {
    cases: [when([equals(0, ...Object.values(PRCTL))], "allow")],
    // What the kernel answers to an option that it does not know.
    otherwise: { errno: ERRNO.EINVAL },
    reason: "with an option that does not concern the caller alone, or that is newer than this table, is unknown here",
  }),
  check(135, "personality", {
    cases: [when([equals(0, ASK_PERSONALITY)], "allow"), when([masked(0, ~HARMLESS_PERSONALITY >>> 0, 0)], "allow")],
    otherwise: EPERM,
    reason: "with more than PER_LINUX32, UNAME26 and ADDR_NO_RANDOMIZE would turn protections off",
  }),
];

const scheduling = allow({
  sched_yield: 24, getpriority: 140, setpriority: 141, sched_setparam: 142, sched_getparam: 143, sched_setscheduler: 144,
  sched_getscheduler: 145, sched_get_priority_max: 146, sched_get_priority_min: 147, sched_rr_get_interval: 148,
  sched_setaffinity: 203, sched_getaffinity: 204, ioprio_set: 251, ioprio_get: 252, sched_setattr: 314, sched_getattr: 315,
  getrlimit: 97, getrusage: 98, sysinfo: 99, times: 100, setrlimit: 160, prlimit64: 302, getcpu: 309, getrandom: 318,
});

const clocks = allow({
  nanosleep: 35, getitimer: 36, alarm: 37, setitimer: 38, gettimeofday: 96, time: 201, timer_create: 222, timer_settime: 223,
  timer_gettime: 224, timer_getoverrun: 225, timer_delete: 226, clock_gettime: 228, clock_getres: 229, clock_nanosleep: 230,
});

/** Processes, memory, signals, identity, scheduling and clocks. */
export const PROCESSES: readonly Syscall[] = [...life, ...memory, ...signals, ...identity, ...scheduling, ...clocks];
