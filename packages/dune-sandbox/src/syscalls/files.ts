/** Calls about files: reading and writing, paths, descriptors, events. */

import { ERRNO } from "../errno.js";
import { ACCESS } from "../landlock.js";
import { allow, anyBit, check, equals, masked, noBit, refuseQuietly, watch, when } from "./row.js";
import type { ArgumentIndex, Case, Syscall } from "./syscall.js";

/** S_ISUID and S_ISGID, inode(7). The sticky bit gives nobody anything, and `chmod 1777` is honest work. */
const SETID = 0o6000;
/** O_CREAT and the bit that tells O_TMPFILE from O_DIRECTORY: without them open(2) ignores its mode argument. */
const CREATES = 0o100 | 0o20000000;
const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const AT_EMPTY_PATH = 0x1000;
/** ioctl_tty(2): type into the terminal, paste into the console, load a line discipline. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const TIOCSETD = 0x5423;

const EPERM = { errno: ERRNO.EPERM };
const WRITE = ACCESS.WRITE_FILE;
/** Landlock does not restrict looking at metadata; what can be looked at is what some rule lets be read. */
const LOOK = ACCESS.READ_FILE;

const SETID_REASON = "with a set-user-ID or set-group-ID bit would make a file that acts for its owner outside";
const MKNOD_REASON = "for a device, or with a set-user-ID or set-group-ID bit, would make a way out of the mounts that are visible";

function noSetid(mode: ArgumentIndex): readonly Case[] {
  return [when([anyBit(mode, SETID)], EPERM)];
}

function noSetidOnCreation(flags: ArgumentIndex, mode: ArgumentIndex): readonly Case[] {
  return [when([anyBit(flags, CREATES), anyBit(mode, SETID)], EPERM)];
}

function noDevice(mode: ArgumentIndex): readonly Case[] {
  return [...noSetid(mode), when([masked(mode, S_IFMT, S_IFCHR, S_IFBLK)], EPERM)];
}

const contents = allow({
  read: 0, write: 1, close: 3, lseek: 8, pread64: 17, pwrite64: 18, readv: 19, writev: 20, sendfile: 40,
  fsync: 74, fdatasync: 75, ftruncate: 77, sync: 162, readahead: 187, fadvise64: 221, sync_file_range: 277,
  splice: 275, tee: 276, vmsplice: 278, fallocate: 285, preadv: 295, pwritev: 296, syncfs: 306,
  copy_file_range: 326, preadv2: 327, pwritev2: 328,
});

const descriptors = allow({
  fstat: 5, dup: 32, dup2: 33, dup3: 292, pipe: 22, pipe2: 293, fcntl: 72, flock: 73, getdents: 78, getdents64: 217,
  getcwd: 79, fchdir: 81, umask: 95, fchown: 93, fstatfs: 138, memfd_create: 319, close_range: 436,
  fsetxattr: 190, fgetxattr: 193, flistxattr: 196, fremovexattr: 199,
});

const events = allow({
  poll: 7, select: 23, pselect6: 270, ppoll: 271, epoll_create: 213, epoll_wait: 232, epoll_ctl: 233, epoll_pwait: 281,
  epoll_create1: 291, epoll_pwait2: 441, inotify_init: 253, inotify_rm_watch: 255, inotify_init1: 294,
  signalfd: 282, signalfd4: 289, eventfd: 284, eventfd2: 290, timerfd_create: 283, timerfd_settime: 286, timerfd_gettime: 287,
  io_setup: 206, io_destroy: 207, io_getevents: 208, io_submit: 209, io_cancel: 210, io_pgetevents: 333,
});

const opening: readonly Syscall[] = [
  check(2, "open", {
    cases: noSetidOnCreation(1, 2), otherwise: "allow", reason: SETID_REASON,
    watch: { level: "default", path: 0, openflags: 1 },
  }),
  check(257, "openat", {
    cases: noSetidOnCreation(2, 3), otherwise: "allow", reason: SETID_REASON,
    watch: { level: "default", dir: 0, path: 1, openflags: 2 },
  }),
  check(85, "creat", {
    cases: noSetid(1), otherwise: "allow", reason: SETID_REASON,
    watch: { level: "default", path: 0, access: WRITE | ACCESS.MAKE_REG },
  }),
  {
    // Its flags and mode are in memory, where a filter cannot look; libraries fall back to openat.
    number: 437, name: "openat2", action: { cases: [], otherwise: { errno: ERRNO.ENOSYS } }, report: "never",
    reason: "passes its mode in memory, where no filter can check it; openat does the same",
    watch: { level: "default", dir: 0, path: 1, openflags: 2 },
  },
];

const changingTheTree: readonly Syscall[] = [
  check(83, "mkdir", {
    cases: noSetid(1), otherwise: "allow", reason: SETID_REASON,
    watch: { level: "default", path: 0, access: ACCESS.MAKE_DIR },
  }),
  check(258, "mkdirat", {
    cases: noSetid(2), otherwise: "allow", reason: SETID_REASON,
    watch: { level: "default", dir: 0, path: 1, access: ACCESS.MAKE_DIR },
  }),
  check(133, "mknod", {
    cases: noDevice(1), otherwise: "allow", reason: MKNOD_REASON,
    watch: { level: "default", path: 0, access: ACCESS.MAKE_FIFO },
  }),
  check(259, "mknodat", {
    cases: noDevice(2), otherwise: "allow", reason: MKNOD_REASON,
    watch: { level: "default", dir: 0, path: 1, access: ACCESS.MAKE_FIFO },
  }),
  watch("default", 84, "rmdir", { path: 0, access: ACCESS.REMOVE_DIR }),
  watch("default", 87, "unlink", { path: 0, access: ACCESS.REMOVE_FILE }),
  watch("default", 263, "unlinkat", { dir: 0, path: 1, access: ACCESS.REMOVE_FILE }),
  watch("default", 82, "rename", { path: 0, path2: 1, access: ACCESS.REMOVE_FILE, access2: ACCESS.MAKE_REG }),
  watch("default", 264, "renameat", { dir: 0, path: 1, dir2: 2, path2: 3, access: ACCESS.REMOVE_FILE, access2: ACCESS.MAKE_REG }),
  watch("default", 316, "renameat2", { dir: 0, path: 1, dir2: 2, path2: 3, access: ACCESS.REMOVE_FILE, access2: ACCESS.MAKE_REG }),
  watch("default", 86, "link", { path: 0, path2: 1, access: LOOK, access2: ACCESS.MAKE_REG }),
  watch("default", 265, "linkat", { dir: 0, path: 1, dir2: 2, path2: 3, access: LOOK, access2: ACCESS.MAKE_REG }),
  // The first argument is the link's text: no file is looked up.
  watch("default", 88, "symlink", { path: 1, access: ACCESS.MAKE_SYM }),
  watch("default", 266, "symlinkat", { dir: 1, path: 2, access: ACCESS.MAKE_SYM }),
];

const changingFiles: readonly Syscall[] = [
  watch("default", 76, "truncate", { path: 0, access: WRITE }),
  check(90, "chmod", { cases: noSetid(1), otherwise: "allow", reason: SETID_REASON, watch: { level: "default", path: 0, access: WRITE } }),
  check(91, "fchmod", { cases: noSetid(1), otherwise: "allow", reason: SETID_REASON }),
  check(268, "fchmodat", { cases: noSetid(2), otherwise: "allow", reason: SETID_REASON, watch: { level: "default", dir: 0, path: 1, access: WRITE } }),
  check(452, "fchmodat2", { cases: noSetid(2), otherwise: "allow", reason: SETID_REASON, watch: { level: "default", dir: 0, path: 1, access: WRITE } }),
  watch("default", 92, "chown", { path: 0, access: WRITE }),
  watch("default", 94, "lchown", { path: 0, access: WRITE }),
  watch("default", 260, "fchownat", { dir: 0, path: 1, access: WRITE }),
  watch("all", 132, "utime", { path: 0, access: WRITE }),
  watch("all", 235, "utimes", { path: 0, access: WRITE }),
  watch("all", 261, "futimesat", { dir: 0, path: 1, access: WRITE }),
  watch("all", 280, "utimensat", { dir: 0, path: 1, access: WRITE }),
  watch("all", 188, "setxattr", { path: 0, access: WRITE }),
  watch("all", 189, "lsetxattr", { path: 0, access: WRITE }),
  watch("all", 197, "removexattr", { path: 0, access: WRITE }),
  watch("all", 198, "lremovexattr", { path: 0, access: WRITE }),
  watch("all", 463, "setxattrat", { dir: 0, path: 1, access: WRITE }),
  watch("all", 466, "removexattrat", { dir: 0, path: 1, access: WRITE }),
];

const looking: readonly Syscall[] = [
  watch("all", 4, "stat", { path: 0, access: LOOK }),
  watch("all", 6, "lstat", { path: 0, access: LOOK }),
  // With AT_EMPTY_PATH these are fstat, which names no file.
  watch("all", 262, "newfstatat", { dir: 0, path: 1, access: LOOK, when: [noBit(3, AT_EMPTY_PATH)] }),
  watch("all", 332, "statx", { dir: 0, path: 1, access: LOOK, when: [noBit(2, AT_EMPTY_PATH)] }),
  watch("all", 21, "access", { path: 0, access: LOOK }),
  watch("all", 269, "faccessat", { dir: 0, path: 1, access: LOOK }),
  watch("all", 439, "faccessat2", { dir: 0, path: 1, access: LOOK }),
  watch("all", 89, "readlink", { path: 0, access: LOOK }),
  watch("all", 267, "readlinkat", { dir: 0, path: 1, access: LOOK }),
  watch("all", 80, "chdir", { path: 0, access: LOOK }),
  watch("all", 137, "statfs", { path: 0, access: LOOK }),
  watch("all", 254, "inotify_add_watch", { path: 1, access: LOOK }),
  watch("all", 191, "getxattr", { path: 0, access: LOOK }),
  watch("all", 192, "lgetxattr", { path: 0, access: LOOK }),
  watch("all", 194, "listxattr", { path: 0, access: LOOK }),
  watch("all", 195, "llistxattr", { path: 0, access: LOOK }),
  watch("all", 464, "getxattrat", { dir: 0, path: 1, access: LOOK }),
  watch("all", 465, "listxattrat", { dir: 0, path: 1, access: LOOK }),
];

const devices: readonly Syscall[] = [
  // The kernel takes the command as an unsigned int: a test of all 64 bits would let through 0x1_0000_5412.
  check(16, "ioctl", {
    cases: [when([equals(1, TIOCSTI, TIOCLINUX, TIOCSETD)], EPERM)],
    otherwise: "allow",
    reason: "with TIOCSTI, TIOCLINUX or TIOCSETD would type into the caller's terminal or change its driver",
  }),
];

const withoutNeed = [
  ...refuseQuietly(ERRNO.ENOSYS, "is a second way to all file operations that no filter sees", {
    io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427,
  }),
  ...refuseQuietly(ERRNO.ENOSYS, "tells which pages of other programs' files are in memory", { cachestat: 451 }),
  ...refuseQuietly(ERRNO.ENOSYS, "changes inode flags by path; programs use ioctl", { file_getattr: 468, file_setattr: 469 }),
];

/** Files, descriptors and events. */
export const FILES: readonly Syscall[] = [
  ...contents, ...descriptors, ...events, ...opening, ...changingTheTree, ...changingFiles, ...looking, ...devices, ...withoutNeed,
];
