import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTRUCTION_SIZE, MOST_INSTRUCTIONS } from "./bpf.js";
import { isCached, runFilter } from "./bpf-machine.js";
import { NO_ARG, compileFilter, type FilterOptions } from "./filter.js";
import type { Syscall, Test, Verdict } from "./syscalls/syscall.js";
import { SYSCALLS, syscallByName } from "./syscalls/table.js";

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const ENOSYS = 38;
const EPERM = 1;
const EINVAL = 22;
const EAFNOSUPPORT = 97;
const EPROTONOSUPPORT = 93;

type Outcome = "allow" | "notify" | number;

const OPTIONS: readonly FilterOptions[] = (["none", "default", "all"] as const).flatMap((supervise) =>
  [true, false].flatMap((inet) => [true, false].map((ipc) => ({ supervise, inet, ipc, allow: [] }))),
);

/** A compiled filter that answers with the errno, or in words. */
class Compiled {
  readonly #compiled;
  constructor(options: Partial<FilterOptions> = {}) {
    this.#compiled = compileFilter({ supervise: "none", inet: true, allow: [], ...options });
  }
  get filter(): Uint8Array { return this.#compiled.filter; }
  row(name: string) { return this.#compiled.supervised.find((row) => row.number === numberOf(name)); }
  get supervised() { return this.#compiled.supervised; }

  on(name: string | number, ...args: readonly (number | bigint)[]): Outcome {
    const nr = typeof name === "number" ? name : numberOf(name);
    return outcome(runFilter(this.filter, { nr, arch: X86_64, args: args.map((arg) => BigInt(arg)) }).value);
  }
}

function numberOf(name: string): number {
  const row = syscallByName(name);
  if (row === undefined) throw new Error(`no row for ${name}`);
  return row.number;
}

function outcome(value: number): Outcome {
  if (value === 0x7fff0000) return "allow";
  if (value === 0x7fc00000) return "notify";
  if (value >>> 16 === 5) return value & 0xffff;
  throw new Error(`the filter returned ${value.toString(16)}: nothing may be killed, trapped or logged`);
}

/** What the table says about a call, worked out from the rows alone and with 64-bit arithmetic. */
function declared(row: Syscall, args: readonly bigint[], { inet, ipc = true }: FilterOptions): Verdict {
  const holds = ({ arg, half, mask, is }: Test): boolean => {
    const word = half === "low" ? (args[arg] ?? 0n) & 0xffffffffn : (args[arg] ?? 0n) >> 32n;
    const bits = word & BigInt(mask);
    return is === "any" ? bits !== 0n : is.some((value) => BigInt(value) === bits);
  };
  const usable = { network: inet, ipc };
  const decided = row.action.cases.find(({ needs, tests }) => (needs === undefined || usable[needs]) && tests.every(holds));
  return decided?.verdict ?? row.action.otherwise;
}

/** Arguments that some row's tests tell apart, with noise in the bits that must not matter. */
const constants = SYSCALLS.flatMap(({ action, watch }) =>
  [...action.cases.flatMap((item) => item.tests), ...(watch?.when ?? [])].flatMap(({ mask, is }) => (is === "any" ? [mask] : is)));
const argument = fc.oneof(
  fc.constantFrom(...new Set(constants)).map((value) => BigInt(value)),
  fc.tuple(fc.constantFrom(...new Set(constants)), fc.nat(0xffff_ffff)).map(([low, high]) => BigInt(low) | (BigInt(high) << 32n)),
  fc.constantFrom(0n, 1n, 0xffff_ffffn, 1n << 32n, (1n << 64n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const argumentsOf = fc.array(argument, { minLength: 6, maxLength: 6 });

describe.each(OPTIONS)("the filter with $supervise, inet $inet, ipc $ipc", (options) => {
  const compiled = new Compiled(options);
  const rows = new Map(compiled.supervised.map((row) => [row.number, row]));

  test("gives every call the verdict that the table declares", () => {
    for (const row of SYSCALLS) {
      fc.assert(fc.property(argumentsOf, (args) => {
        const verdict = declared(row, args, options);
        const seen = compiled.on(row.number, ...args);
        const plan = rows.get(row.number);
        if (verdict === "allow") expect(seen === "allow" || (seen === "notify" && plan?.error === 0), row.name).toBe(true);
        else expect(seen === verdict.errno || (seen === "notify" && plan?.error === verdict.errno), row.name).toBe(true);
      }), { numRuns: 25 });
    }
  });

  test("answers ENOSYS to every number that is not in the table", () => {
    const known = new Set(SYSCALLS.map((row) => row.number));
    const unknown = fc.oneof(fc.integer({ min: 0, max: 1023 }), fc.nat(0xffff_ffff)).filter((nr) => !known.has(nr));
    fc.assert(fc.property(unknown, argumentsOf, (nr, args) => compiled.on(nr, ...args) === ENOSYS));
  });

  test("answers ENOSYS to i386 and x32, whatever the call", () => {
    fc.assert(fc.property(fc.constantFrom(...SYSCALLS), argumentsOf, ({ number }, args) => {
      expect(outcome(runFilter(compiled.filter, { nr: number, arch: I386, args }).value)).toBe(ENOSYS);
      expect(compiled.on(number + 0x4000_0000, ...args)).toBe(ENOSYS);
    }));
  });

  test("never looks at arguments before it has to: what is plainly allowed can be cached by the kernel", () => {
    const plain = SYSCALLS.filter(({ action, watch }) => action.cases.length === 0 && action.otherwise === "allow" && watch === undefined);
    expect(plain.length).toBeGreaterThan(200);
    expect(plain.filter(({ number }) => !isCached(compiled.filter, number, X86_64)).map((row) => row.name)).toEqual([]);
  });

  test("decides plainly allowed calls in a few instructions", () => {
    const steps = (name: string): number => runFilter(compiled.filter, { nr: numberOf(name), arch: X86_64, args: [] }).steps;
    for (const name of ["read", "write", "close", "mmap", "futex", "epoll_wait", "clock_gettime"]) expect(steps(name)).toBeLessThan(16);
  });

  test("is far from the kernel's limit", () => {
    expect(compiled.filter.length / INSTRUCTION_SIZE).toBeLessThan(MOST_INSTRUCTIONS / 2);
  });

  test("has one plan row for each call that it hands over, and no other", () => {
    expect(rows.size).toBe(compiled.supervised.length);
    if (options.supervise === "none") expect(rows.size).toBe(0);
  });
});

describe("system calls with conditions", () => {
  const plain = new Compiled();

  test("threads and processes start, namespaces do not", () => {
    const CLONE_THREAD_OF_GLIBC = 0x3d0f00;
    expect(plain.on("clone", CLONE_THREAD_OF_GLIBC)).toBe("allow");
    expect(plain.on("clone", 17)).toBe("allow"); // SIGCHLD: fork
    expect(plain.on("unshare", 0x400)).toBe("allow"); // CLONE_FILES
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(plain.on("clone", flag | 17)).toBe(EPERM);
      expect(plain.on("unshare", flag)).toBe(EPERM);
    }
    expect(plain.on("unshare", 0x80)).toBe(EPERM); // CLONE_NEWTIME
    expect(plain.on("clone", 0x80)).toBe("allow"); // part of the exit signal there
    expect(plain.on("clone", (1n << 63n) | 0x10000000n)).toBe(EPERM);
  });

  test("the terminal cannot be typed into, however the command is widened", () => {
    for (const command of [0x5412, 0x541c, 0x5423]) {
      expect(plain.on("ioctl", 0, command)).toBe(EPERM);
      expect(plain.on("ioctl", 0, (0xdead_beefn << 32n) | BigInt(command))).toBe(EPERM);
    }
    expect(plain.on("ioctl", 0, 0x5401)).toBe("allow"); // TCGETS: isatty
    expect(plain.on("ioctl", 0, 0x5413)).toBe("allow"); // TIOCGWINSZ
  });

  test.each([["chmod", 1], ["fchmod", 1], ["fchmodat", 2], ["fchmodat2", 2], ["creat", 1], ["mkdir", 1], ["mkdirat", 2], ["mknod", 1], ["mknodat", 2]] as const)(
    "%s sets no set-user-ID or set-group-ID bit", (name, mode) => {
      const withMode = (bits: number): Outcome => plain.on(name, ...[0, 0, 0, 0, 0, 0].map((_, index) => (index === mode ? bits : 0)));
      expect([0o4755, 0o2755, 0o6000].map(withMode)).toEqual([EPERM, EPERM, EPERM]);
      expect([0o755, 0o1777, 0].map(withMode)).toEqual(["allow", "allow", "allow"]);
    });

  test.each([["open", 1, 2], ["openat", 2, 3]] as const)("%s looks at the mode only where the kernel does", (name, flags, mode) => {
    const call = (flag: number, bits: number): Outcome =>
      plain.on(name, ...[0, 0, 0, 0, 0, 0].map((_, index) => (index === flags ? flag : index === mode ? bits : 0)));
    expect(call(0o100, 0o4755)).toBe(EPERM); // O_CREAT
    expect(call(0o20200000, 0o4755)).toBe(EPERM); // O_TMPFILE
    expect(call(0o200000, 0o4755)).toBe("allow"); // O_DIRECTORY shares bits with O_TMPFILE; the mode is what was in the register
    expect(call(0, 0xffff)).toBe("allow");
    expect(call(0o100, 0o644)).toBe("allow");
  });

  test("mknod makes pipes and files, no devices", () => {
    expect([0o010644, 0o100644, 0o644, 0o140644].map((mode) => plain.on("mknod", 0, mode))).toEqual(["allow", "allow", "allow", "allow"]);
    expect([0o020644, 0o060644].map((mode) => plain.on("mknod", 0, mode))).toEqual([EPERM, EPERM]);
  });

  test("sockets: unix, TCP, UDP, ping and route netlink", () => {
    const NONBLOCK_CLOEXEC = 0o2004000;
    expect(plain.on("socket", 1, 1 | NONBLOCK_CLOEXEC, 0)).toBe("allow");
    for (const family of [2, 10]) {
      expect(plain.on("socket", family, 1 | NONBLOCK_CLOEXEC, 6)).toBe("allow");
      expect(plain.on("socket", family, 2, 0)).toBe("allow");
      expect(plain.on("socket", family, 3, 1)).toBe(EPERM); // raw
      expect(plain.on("socket", family, 1, 262)).toBe(EPROTONOSUPPORT); // MPTCP
      expect(plain.on("socket", family, 5, 0)).toBe(EPROTONOSUPPORT); // SEQPACKET: SCTP
      expect(plain.on("socket", family, 10, 0)).toBe(EPROTONOSUPPORT); // the old way to packet sockets
    }
    expect(plain.on("socket", 16, 3, 0)).toBe("allow");
    expect(plain.on("socket", 16, 3, 9)).toBe(EAFNOSUPPORT); // audit
    for (const family of [3, 17, 29, 38, 40, 44]) expect(plain.on("socket", family, 2, 0)).toBe(EAFNOSUPPORT);
    expect(plain.on("socketpair", 1, 1, 0)).toBe("allow");
    expect(plain.on("socketpair", 30, 1, 0)).toBe(EAFNOSUPPORT); // TIPC
  });

  test("without a network namespace there are unix sockets only", () => {
    const lonely = new Compiled({ inet: false });
    expect(lonely.on("socket", 1, 1, 0)).toBe("allow");
    for (const family of [2, 10, 16]) expect(lonely.on("socket", family, 1, 0)).toBe(EAFNOSUPPORT);
  });

  test("without an IPC namespace there is no System V IPC and no message queue", () => {
    const lonely = new Compiled({ ipc: false });
    expect(plain.on("shmget")).toBe("allow");
    for (const name of ["shmget", "shmat", "semget", "msgsnd", "mq_open"]) expect(lonely.on(name)).toBe(ENOSYS);
  });

  test("personality: no protection is turned off", () => {
    expect([0, 8, 0x20000, 0x40000, 0x40008, 0xffffffff].map((value) => plain.on("personality", value))).toEqual(Array(6).fill("allow"));
    expect([0x400000, 0x100000, 0x440000, 4, 0xfffffffe].map((value) => plain.on("personality", value))).toEqual(Array(5).fill(EPERM));
  });

  test("prctl: names and parent-death signals, not the memory map, not page merging, not the future", () => {
    expect([1, 4, 15, 22, 38, 0x53564d41].map((option) => plain.on("prctl", option))).toEqual(Array(6).fill("allow"));
    expect([35, 67, 57, 999].map((option) => plain.on("prctl", option))).toEqual(Array(4).fill(EINVAL));
  });
});

describe("supervision", () => {
  const supervised = new Compiled({ supervise: "default" });
  const everything = new Compiled({ supervise: "all" });

  test("a refused call is answered by the supervisor with the errno of the table", () => {
    expect(supervised.on("bpf")).toBe("notify");
    expect(supervised.row("bpf")).toEqual({
      number: 321, error: EPERM, dir: NO_ARG, path: NO_ARG, dir2: NO_ARG, path2: NO_ARG, openflags: NO_ARG, address: NO_ARG, access: 0, access2: 0,
    });
  });

  test("a refusal by argument is reported, the same call with other arguments is not touched", () => {
    expect(supervised.on("clone", 0x10000000)).toBe("notify");
    expect(supervised.row("clone")?.error).toBe(EPERM);
    expect(supervised.on("clone", 17)).toBe("allow");
    expect(supervised.on("socket", 17, 3, 0)).toBe("notify");
    expect(supervised.row("socket")?.error).toBe(EAFNOSUPPORT);
    expect(supervised.on("socket", 2, 3, 0)).toBe(EPERM);
  });

  test("a call that is watched for its path is left to the kernel; its refusal by argument is not reported", () => {
    expect(supervised.on("openat", 0, 0, 0o100, 0o644)).toBe("notify");
    expect(supervised.on("openat", 0, 0, 0o100, 0o4755)).toBe(EPERM);
    expect(supervised.row("openat")).toMatchObject({ error: 0, dir: 0, path: 1, openflags: 2 });
  });

  test("two paths", () => {
    expect(supervised.row("renameat2")).toMatchObject({ error: 0, dir: 0, path: 1, dir2: 2, path2: 3 });
    expect(supervised.row("symlinkat")).toMatchObject({ dir: 1, path: 2, dir2: NO_ARG, path2: NO_ARG });
  });

  test("sendto is watched only with an address, wherever that lies", () => {
    expect(supervised.on("sendto", 3, 0x1000, 5, 0, 0, 0)).toBe("allow");
    expect(supervised.on("sendto", 3, 0x1000, 5, 0, 0x1000, 16)).toBe("notify");
    expect(supervised.on("sendto", 3, 0x1000, 5, 0, 0x7fffn << 32n, 16)).toBe("notify");
  });

  test("looking at files is watched only where everything is, and fstat never", () => {
    expect(supervised.on("stat")).toBe("allow");
    expect(everything.on("stat")).toBe("notify");
    expect(everything.on("newfstatat", 3, 0x1000, 0x2000, 0x1000)).toBe("allow");
    expect(everything.on("newfstatat", 3, 0x1000, 0x2000, 0)).toBe("notify");
    expect(everything.on("fstat")).toBe("allow");
  });

  test("probes with another way are not reported: clone3 and openat2 never, io_uring only with everything", () => {
    expect([supervised, everything].map((filter) => filter.on("clone3"))).toEqual([ENOSYS, ENOSYS]);
    expect([supervised, everything].map((filter) => filter.on("openat2"))).toEqual([ENOSYS, ENOSYS]);
    expect([supervised, everything].map((filter) => filter.on("io_uring_setup"))).toEqual([ENOSYS, "notify"]);
  });
});

describe("extra system calls", () => {
  test("are allowed without conditions, and only they", () => {
    const extra = new Compiled({ allow: ["perf_event_open", "unshare"] });
    expect(extra.on("perf_event_open")).toBe("allow");
    expect(extra.on("unshare", 0x10000000)).toBe("allow");
    expect(extra.on("clone", 0x10000000)).toBe(EPERM);
  });

  test("are watched if they name files", () => {
    const extra = new Compiled({ allow: ["openat2"], supervise: "default" });
    expect(extra.on("openat2")).toBe("notify");
    expect(extra.row("openat2")).toMatchObject({ error: 0, dir: 0, path: 1, openflags: 2 });
  });

  test("an unknown name is an error that shows it safely", () => {
    expect(() => compileFilter({ supervise: "none", inet: true, allow: ["no\u001b[2Jsuch"] })).toThrow(
      expect.objectContaining({ code: "ERR_SANDBOX_POLICY", message: String.raw`there is no system call named $'no\x1b[2Jsuch'` }),
    );
  });
});
