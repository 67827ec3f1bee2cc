import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_ARG } from "./filter.js";
import type { PlanSyscall } from "./filter.js";
import { BIND, encodePlan, LAYER } from "./plan.js";
import type { JailPlan } from "./plan.js";
import { hasCompiler, runNative } from "./testing/native.js";
import { FULL_PLAN } from "./testing/plan.js";

const withCompiler = describe.skipIf(!hasCompiler("gcc"));
const reason = hasCompiler("gcc") ? "" : " (skipped: there is no gcc; apt-get install gcc)";

/** What the jail's own parser reads from each encoded plan; null where it refuses it. */
function parsed(plans: readonly Uint8Array[]): unknown[] {
  return runNative("dump", ["plan"], Buffer.concat(plans)).toString().trim().split("\n").map((line) => JSON.parse(line) as unknown);
}

let layoutOfHeader: Readonly<Record<string, number>> | undefined;

/** What the compiler makes of plan.h. */
function layout(): Readonly<Record<string, number>> {
  return (layoutOfHeader ??= JSON.parse(runNative("layout").toString()) as Record<string, number>);
}

/** A plan as `native/test/dump.c` words it: sets as masks, one row per Landlock ABI, both ends of an rlimit. */
function worded(plan: JailPlan): unknown {
  const none = { fs: 0, net: 0, scoped: 0 };
  return {
    ...plan,
    layers: plan.layers.reduce((mask, layer) => mask | LAYER[layer], 0),
    landlock: Array.from({ length: 16 }, (_, abi) => plan.landlock[abi - 1] ?? none),
    filter: Buffer.from(plan.filter).toString("hex"),
    syscalls: [...plan.syscalls].sort((a, b) => a.number - b.number),
    rlimits: plan.rlimits.map(({ resource, limit }) => ({ resource, soft: limit, hard: limit })),
    relayDir: plan.relayDir ?? null,
  };
}

/** One record by hand: `struct plan_record`, then the payload. */
function record(type: number, payload: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(type, 0);
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, Buffer.from(payload, "latin1")]);
}

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.maxSafeNat();
const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((string) => !string.includes("\0"));
const path = text.map((string) => `/${string}`);
const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const few = { maxLength: 4 };
const index = fc.constantFrom(0, 1, 2, 3, 4, 5, NO_ARG);

const plan: fc.Arbitrary<JailPlan> = fc.record({
  argv: fc.array(text, { minLength: 1, maxLength: 4 }),
  env: fc.array(text, few),
  cwd: text,
  exec: text,
  layers: fc.subarray(FULL_PLAN.layers as (keyof typeof LAYER)[]),
  id: fc.record({ insideUid: u32, outsideUid: u32, insideGid: u32, outsideGid: u32, count: u32 }),
  hostname: text,
  mounts: fc.array(fc.oneof(
    fc.record({ kind: fc.constant("bind" as const), source: text, target: path, flags: u16 }),
    fc.record({ kind: fc.constant("tmpfs" as const), target: path, size: u64, mode: u32 }),
    fc.record({ kind: fc.constant("symlink" as const), target: path, text }),
    fc.record({ kind: fc.constant("file" as const), target: path, contents: text }),
  ), few),
  landlock: fc.array(fc.record({ fs: u64, net: u64, scoped: u64 }), { maxLength: 15 }),
  rules: fc.array(fc.record({ path, access: u64 }), few),
  filter: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.concat([...bytes].map((byte) => Buffer.alloc(8, byte)))),
  syscalls: fc.uniqueArray(fc.record({
    number: fc.nat(511), error: u16, dir: index, path: index, dir2: index, path2: index,
    openflags: index, address: fc.constantFrom(0, 1, 2, 3, 4, NO_ARG), access: u64, access2: u64,
  }), { maxLength: 4, selector: ({ number }) => number }),
  rlimits: fc.array(fc.record({ resource: u32, limit: u64 }), few),
  cgroups: fc.array(text, few),
  limits: fc.record({ wall: u64, cpu: u64, memory: u64, written: u64, tasks: u64, output: u64 }),
  relayDir: text,
  relays: fc.array(fc.record({ direction: fc.constantFrom("out" as const, "in" as const), address, port: u16, socket: text }), few),
  names: fc.array(fc.record({ name: text, address }), few),
  terminal: fc.nat(7),
});

withCompiler(`a plan and the jail's parser${reason}`, () => {
  test("a plan with every kind of record arrives as it was meant", () => {
    expect(parsed([encodePlan(FULL_PLAN)])).toEqual([worded(FULL_PLAN)]);
  });

  test("any plan arrives as it was meant", () => {
    const plans = fc.sample(plan, { numRuns: 200, seed: 1 });
    expect(parsed(plans.map(encodePlan))).toEqual(plans.map(worded));
  });

  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
  const call = FULL_PLAN.syscalls[0] ?? { number: 0, error: 0, dir: NO_ARG, path: NO_ARG, dir2: NO_ARG, path2: NO_ARG, openflags: NO_ARG, address: NO_ARG, access: 0, access2: 0 };
  const lists: readonly (readonly [what: string, bound: string, make: (count: number) => Partial<JailPlan>])[] = [
    ["rlimits", "PLAN_MAX_RLIMITS", (count) => ({ rlimits: times(count, { resource: 1, limit: 1 }) })],
    ["relays", "PLAN_MAX_RELAYS", (count) => ({ relays: times(count, { direction: "in", address: [127, 0, 0, 1], port: 1, socket: "x" }) })],
    ["names", "PLAN_MAX_NAMES", (count) => ({ names: times(count, { name: "x", address: [127, 0, 1, 1] }) })],
    ["cgroups", "PLAN_MAX_CGROUPS", (count) => ({ cgroups: times(count, "/x") })],
    ["filter instructions", "PLAN_MAX_FILTER", (count) => ({ filter: Buffer.alloc(8 * count, 6) })],
    ["Landlock ABIs", "PLAN_MAX_ABI", (count) => ({ landlock: times(count, { fs: 1, net: 0, scoped: 0 }) })],
    ["system call numbers", "PLAN_MAX_SYSCALL", (count) => ({ syscalls: [{ ...call, number: count - 1 }] })],
  ];
  test.each(lists)("there is room for just so many %s", (_what, bound, make) => {
    const most = layout()[bound] ?? NaN;
    const [full, over] = parsed([encodePlan({ ...FULL_PLAN, ...make(most) }), encodePlan({ ...FULL_PLAN, ...make(most + 1) })]);
    expect(full).toEqual(worded({ ...FULL_PLAN, ...make(most) }));
    expect(over).toBeNull();
  });

  const guarded: readonly (readonly [what: string, bound: string, make: (count: number) => Partial<JailPlan>, more: Buffer])[] = [
    ["arguments", "PLAN_MAX_ARGS", (count) => ({ argv: times(count, "x") }), record(1, "x\0")],
    ["variables", "PLAN_MAX_ARGS", (count) => ({ env: times(count, "X=") }), record(2, "X=\0")],
    ["mounts", "PLAN_MAX_MOUNTS", (count) => ({ mounts: times(count, { kind: "symlink", target: "/x", text: "y" }) }), record(10, "y\0/x\0")],
    ["rules", "PLAN_MAX_RULES", (count) => ({ rules: times(count, { path: "/x", access: 1 }) }), record(13, "\x01\0\0\0\0\0\0\0/x\0")],
  ];
  test.each(guarded)("there is room for just so many %s, and an error for more", (_what, bound, make, more) => {
    const most = layout()[bound] ?? NaN;
    const plan = { ...FULL_PLAN, ...make(most) };
    const full = encodePlan(plan);
    const over = Buffer.concat([full, more]);
    over.writeUInt32LE(over.length - 12, 8);
    expect(parsed([full, over])).toEqual([worded(plan), null]);
    expect(() => encodePlan({ ...FULL_PLAN, ...make(most + 1) })).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_OPTION" }) as Error);
  });

  test.each<[string, Partial<PlanSyscall>]>([
    ["path", { path: 6 }], ["dir", { dir: 6 }], ["path2", { path2: 200 }], ["dir2", { dir2: 6 }], ["openflags", { openflags: 6 }],
    ["address, whose length is the next argument", { address: 5 }],
  ])("a system call has no such argument: %s", (_what, changes) => {
    expect(parsed([encodePlan({ ...FULL_PLAN, syscalls: [{ ...call, ...changes }] })])).toEqual([null]);
  });

  test.each<[string, Partial<JailPlan>]>([
    ["a NUL in an argument", { argv: ["a\0b"] }],
    ["a NUL in a path", { mounts: [{ kind: "bind", source: "/a", target: "/a\0b", flags: 0 }] }],
    ["no argument at all", { argv: [] }],
    ["a relative mount point", { mounts: [{ kind: "tmpfs", target: "tmp", size: 1, mode: 0 }] }],
    ["a relative rule", { rules: [{ path: "x", access: 1 }] }],
    ["relays without a directory", { relayDir: undefined }],
    ["half a filter instruction", { filter: Buffer.alloc(12) }],
  ])("%s is refused", (_what, changes) => {
    expect(parsed([encodePlan({ ...FULL_PLAN, ...changes })])).toEqual([null]);
  });

  test("a plan that ends early is refused, wherever it ends", () => {
    const whole = encodePlan({ ...FULL_PLAN, filter: Buffer.alloc(8), syscalls: [] });
    const cut = Array.from({ length: whole.length - 12 }, (_, length) => {
      const part = Buffer.from(whole.subarray(0, 12 + length));
      part.writeUInt32LE(length, 8);
      return part;
    });
    // Between two records it is a whole plan again, as soon as it has what a plan must have; its last three records are optional.
    const accepted = parsed(cut).filter((result) => result !== null);
    for (const result of accepted) expect(result).toMatchObject({ argv: FULL_PLAN.argv, exec: FULL_PLAN.exec });
    expect(accepted.length).toBeLessThan(40);
  });
});

withCompiler(`the encoding and plan.h${reason}`, () => {
  test("layers and bind flags have the same bits on both sides", () => {
    const values = layout();
    const bits = (prefix: string) => Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length).toLowerCase(), value]));
    expect(bits("LAYER_")).toEqual(LAYER);
    expect(bits("BIND_")).toEqual(BIND);
    expect(values.NO_ARG).toBe(NO_ARG);
  });

  test("the header is the one that the helper waits for", () => {
    const values = layout();
    const bytes = encodePlan(FULL_PLAN);
    expect(bytes.readUInt32LE(values["plan_header.magic"])).toBe(values.PLAN_MAGIC);
    expect(bytes.readUInt32LE(values["plan_header.version"])).toBe(values.PLAN_VERSION);
    expect(bytes.readUInt32LE(values["plan_header.length"])).toBe(bytes.length - (values["sizeof plan_header"] ?? 0));
  });

  test("structures that travel have no padding that one side may see otherwise", () => {
    expect(layout()).toMatchObject({
      "sizeof plan_header": 12, "sizeof plan_record": 8, "sizeof plan_syscall": 32, "plan_syscall.access": 16, "sizeof id_map": 20,
      "sizeof control": 2, "control.op": 0, "control.arg": 1, "sizeof report": 8, "report.arg": 2, "report.size": 4,
      "sizeof report_denied": 104, "sizeof report_exit": 40,
    });
  });
});
