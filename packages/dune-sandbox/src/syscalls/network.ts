/** Calls about sockets and System V and POSIX inter-process communication. */

import { ERRNO } from "../errno.js";
import { allow, allowWith, check, equals, masked, notNull, watch, when } from "./row.js";
import type { Syscall } from "./syscall.js";

/** Address families, socket(2). */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** The low bits of the type; above them are SOCK_NONBLOCK and SOCK_CLOEXEC. */
const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** IPPROTO_*, `netinet/in.h`; 0 is the type's own. The two ICMPs are unprivileged ping. */
const ANY_PROTOCOL = 0;
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;

const internet = equals(0, AF_INET, AF_INET6);

const sockets: readonly Syscall[] = [
  check(41, "socket", {
    cases: [
      when([equals(0, AF_UNIX)], "allow"),
      when(
        [internet, masked(1, SOCK_TYPE_MASK, SOCK_STREAM, SOCK_DGRAM), equals(2, ANY_PROTOCOL, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6)],
        "allow", "network",
      ),
      // The kernel's own answer without CAP_NET_RAW.
      when([internet, masked(1, SOCK_TYPE_MASK, SOCK_RAW)], { errno: ERRNO.EPERM }, "network"),
      // SCTP, DCCP, MPTCP and the like would load kernel modules that are rarely used and rarely audited.
      when([internet], { errno: ERRNO.EPROTONOSUPPORT }, "network"),
      when([equals(0, AF_NETLINK), equals(2, NETLINK_ROUTE)], "allow", "network"),
    ],
    otherwise: { errno: ERRNO.EAFNOSUPPORT },
    reason: "for a family but UNIX, INET, INET6 and NETLINK_ROUTE is not covered by the network namespace",
  }),
  check(53, "socketpair", {
    cases: [when([equals(0, AF_UNIX)], "allow")],
    otherwise: { errno: ERRNO.EAFNOSUPPORT },
    reason: "for another family than UNIX would reach rarely used parts of the kernel",
  }),
  watch("default", 42, "connect", { address: 1 }),
  watch("default", 49, "bind", { address: 1 }),
  // On a connected socket there is no address, and nothing to explain.
  watch("default", 44, "sendto", { address: 4, when: notNull(4) }),
  ...allow({
    accept: 43, recvfrom: 45, sendmsg: 46, recvmsg: 47, shutdown: 48, listen: 50, getsockname: 51, getpeername: 52,
    setsockopt: 54, getsockopt: 55, accept4: 288, recvmmsg: 299, sendmmsg: 307,
  }),
];

const queues = allowWith("ipc", ERRNO.ENOSYS, "without an IPC namespace would reach the host's shared memory, semaphores and queues", {
  shmget: 29, shmat: 30, shmctl: 31, shmdt: 67, semget: 64, semop: 65, semctl: 66, semtimedop: 220,
  msgget: 68, msgsnd: 69, msgrcv: 70, msgctl: 71,
  mq_open: 240, mq_unlink: 241, mq_timedsend: 242, mq_timedreceive: 243, mq_notify: 244, mq_getsetattr: 245,
});

/** Sockets and inter-process communication. */
export const NETWORK: readonly Syscall[] = [...sockets, ...queues];
