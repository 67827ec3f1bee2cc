import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SYSCALLS, syscallByName, syscallByNumber, syscallName } from "./table.js";

const HEADERS = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"];
const header = HEADERS.find((path) => existsSync(path));

test("no number and no name is there twice", () => {
  expect(new Set(SYSCALLS.map((row) => row.number)).size).toBe(SYSCALLS.length);
  expect(new Set(SYSCALLS.map((row) => row.name)).size).toBe(SYSCALLS.length);
});

test("numbers have no gaps but the one that the kernel left", () => {
  const numbers = [...Array(337).keys(), ...Array.from({ length: 46 }, (_, index) => 424 + index)];
  expect(SYSCALLS.map((row) => row.number)).toEqual(numbers);
});

// The header may be older or newer than the table: what both know must agree.
test.skipIf(header === undefined)("numbers agree with the kernel's header (skipped where it is not installed)", () => {
  const defined = readFileSync(header ?? "", "utf8").matchAll(/^#define __NR_(\w+) (\d+)$/gm);
  const theirs = [...defined].map(([, name = "", number]) => ({ name, number: Number(number) }));
  expect(theirs.length).toBeGreaterThan(300);
  const last = SYSCALLS.at(-1)?.number ?? 0;
  const ours = theirs.filter(({ number }) => number <= last).map(({ number }) => ({ name: syscallName(number), number }));
  expect(ours).toEqual(theirs.filter(({ number }) => number <= last));
});

test("what is not simply allowed says why", () => {
  const silent = SYSCALLS.filter((row) => row.reason === undefined && (row.action.cases.length > 0 || row.action.otherwise !== "allow"));
  expect(silent.map((row) => row.name)).toEqual([]);
});

test("a watched call has something to look at", () => {
  for (const { name, watch } of SYSCALLS) {
    if (watch !== undefined) expect(watch.path ?? watch.address, name).toBeDefined();
  }
});

test("rows are found by number and by name", () => {
  expect(syscallByNumber(257)?.name).toBe("openat");
  expect(syscallByName("openat")?.number).toBe(257);
  expect(syscallByNumber(400)).toBeUndefined();
  expect(syscallByName("no_such_call")).toBeUndefined();
  expect(syscallName(999)).toBe("system call 999");
});

// docs/design: the classes that the profile refuses. A row changed by mistake fails here.
describe("refused whatever the arguments", () => {
  const refusedWith = (errno: number) =>
    SYSCALLS.filter(({ action }) => action.cases.length === 0 && action.otherwise !== "allow" && action.otherwise.errno === errno).map((row) => row.name);

  test.each([
    "io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "openat2", "add_key", "request_key", "keyctl",
    "modify_ldt", "uselib", "nfsservctl", "_sysctl",
  ])("%s does not exist", (name) => {
    expect(refusedWith(38)).toContain(name);
  });

  test.each([
    "mount", "umount2", "move_mount", "open_tree", "fsopen", "mount_setattr", "pivot_root", "chroot", "setns", "kexec_load",
    "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "syslog", "acct",
    "quotactl", "iopl", "ioperm", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "open_by_handle_at", "bpf",
    "perf_event_open", "userfaultfd", "fanotify_init", "kcmp", "pidfd_getfd", "move_pages", "migrate_pages", "process_madvise",
  ])("%s is not permitted", (name) => {
    expect(refusedWith(1)).toContain(name);
  });
});
