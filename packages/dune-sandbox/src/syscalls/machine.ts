/** Calls that act on the machine, on other processes, or that history left behind: all refused. */

import { ERRNO } from "../errno.js";
import { refuse, refuseQuietly } from "./row.js";
import type { Syscall } from "./syscall.js";

const { EPERM, ENOSYS } = ERRNO;

const files: readonly Syscall[] = [
  ...refuse(EPERM, "changes what is mounted where, and with it what the sandbox's paths mean", {
    mount: 165, umount2: 166, pivot_root: 155, chroot: 161, open_tree: 428, move_mount: 429, fsopen: 430, fsconfig: 431,
    fsmount: 432, fspick: 433, mount_setattr: 442, open_tree_attr: 467,
  }),
  ...refuseQuietly(ENOSYS, "tells where on the host the mounted directories are", { statmount: 457, listmount: 458 }),
  ...refuse(EPERM, "opens files by number, past the directories that are visible", { name_to_handle_at: 303, open_by_handle_at: 304 }),
  ...refuse(EPERM, "watches what other processes do with files", { fanotify_init: 300, fanotify_mark: 301 }),
  ...refuse(EPERM, "sets how much of the disk others may use", { quotactl: 179, quotactl_fd: 443 }),
  ...refuse(EPERM, "changes the machine's swap space", { swapon: 167, swapoff: 168 }),
];

const others: readonly Syscall[] = [
  ...refuse(EPERM, "would join another namespace", { setns: 308 }),
  ...refuse(EPERM, "takes descriptors out of another process", { pidfd_getfd: 438 }),
  ...refuse(EPERM, "tells where in the kernel's memory things are", { kcmp: 312 }),
  ...refuse(ENOSYS, "stores keys in the kernel that other sandboxes may share", { add_key: 248, request_key: 249, keyctl: 250 }),
];

const kernel: readonly Syscall[] = [
  ...refuse(EPERM, "runs programs inside the kernel", { bpf: 321 }),
  ...refuse(EPERM, "measures what the machine and its other users do", { perf_event_open: 298 }),
  ...refuse(EPERM, "loads code into the kernel", { init_module: 175, delete_module: 176, finit_module: 313 }),
  ...refuse(EPERM, "stops or replaces the running kernel", { reboot: 169, kexec_load: 246, kexec_file_load: 320 }),
  ...refuse(EPERM, "reads or clears the kernel's log", { syslog: 103 }),
  ...refuse(EPERM, "switches the machine's process accounting", { acct: 163 }),
  ...refuse(EPERM, "gives access to the hardware's ports", { iopl: 172, ioperm: 173 }),
  ...refuse(EPERM, "sets the machine's clock", { adjtimex: 159, settimeofday: 164, clock_settime: 227, clock_adjtime: 305 }),
  ...refuse(EPERM, "renames the machine", { sethostname: 170, setdomainname: 171 }),
  ...refuse(EPERM, "takes the terminal away from everyone on it", { vhangup: 153 }),
  ...refuseQuietly(ENOSYS, "asks about the host's security modules", {
    lsm_get_self_attr: 459, lsm_set_self_attr: 460, lsm_list_modules: 461,
  }),
];

const obsolete = refuseQuietly(ENOSYS, "is obsolete: no current program makes it", {
  uselib: 134, ustat: 136, sysfs: 139, _sysctl: 156, create_module: 174, get_kernel_syms: 177, query_module: 178,
  nfsservctl: 180, getpmsg: 181, putpmsg: 182, afs_syscall: 183, tuxcall: 184, security: 185,
  set_thread_area: 205, get_thread_area: 211, lookup_dcookie: 212, epoll_ctl_old: 214, epoll_wait_old: 215, vserver: 236,
});

/** What acts on the machine, on others, or is obsolete. */
export const MACHINE: readonly Syscall[] = [...files, ...others, ...kernel, ...obsolete];
