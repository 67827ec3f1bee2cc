/**
 * Runs the fuzzers of `native/fuzz` for a bounded number of inputs, always the same ones. For a longer search:
 * `FUZZ_RUNS=5000000 npx vitest run src/native.fuzz.test.ts`.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodePlan } from "./plan.js";
import type { JailPlan } from "./plan.js";
import { buildFuzzer, hasCompiler, temporaryDirectory } from "./testing/native.js";
import { FULL_PLAN } from "./testing/plan.js";

const RUNS = Number(process.env.FUZZ_RUNS ?? 100_000);
const PATIENCE = 60_000 + RUNS / 5;

const HEADER = 12;

/** A DNS query (RFC 1035, 4.1) for the labels; 28 is AAAA. */
function query(labels: readonly string[], type = 1): Buffer {
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([63, 0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, type, 0, 1]);
}

/** A process whose memory holds `path`, `offset` bytes into a page; its working directory is /srv/work. */
function tracee(path: string, offset = 0): Buffer {
  return Buffer.concat([Buffer.from([offset & 0xff, offset >> 8, 2]), Buffer.from(`/srv/work\0${path}\0`)]);
}

/** A plan short enough to be changed often. */
const SHORT_PLAN: JailPlan = { ...FULL_PLAN, filter: FULL_PLAN.filter.subarray(0, 16), syscalls: FULL_PLAN.syscalls.slice(0, 2) };

function plan(changes: Partial<JailPlan> = {}): Buffer {
  return encodePlan({ ...SHORT_PLAN, ...changes }).subarray(HEADER);
}

/** Whole inputs to start from, some of them just beyond a bound; the fuzzer changes and joins them. */
const SEEDS: Readonly<Record<string, readonly Buffer[]>> = {
  plan: [
    plan(), plan({ argv: [] }),
    plan({ landlock: Array.from({ length: 16 }, () => ({ fs: 1, net: 2, scoped: 3 })) }),
    plan({ syscalls: FULL_PLAN.syscalls.slice(0, 1).map((call) => ({ ...call, number: 512 })) }),
    plan({ mounts: [], rules: [], relays: [], names: [], relayDir: undefined }),
  ],
  resolver: [
    query(["example", "org"]), query(["Example", "ORG"], 28), query(["a"]), query(["refused", "test"]), query(["registry", "npmjs", "org"], 16),
    query(["a", "b", "c", "d", "e"].map((letter) => letter.repeat(63))),
  ],
  tracee: [
    tracee("/etc/passwd"), tracee("../x/./y//z", 4090), tracee(`${"deep/".repeat(60)}../end`, 4000), tracee("/../..//"),
    tracee("/x".repeat(2040)), tracee("x/".repeat(2045)),
  ],
  usage: [Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, ...Buffer.from(") R 1 (x) 99")]), Buffer.from("01234567Pss:   12 kB\nPss:\nwrite_bytes: 5")],
};

describe.each(Object.keys(SEEDS))("the fuzzer of %s", (name) => {
  test(`finds nothing in ${RUNS} runs`, { timeout: PATIENCE }, ({ skip }) => {
    skip(!hasCompiler("clang"), "there is no clang; apt-get install clang");
    const directory = temporaryDirectory();
    const corpus = join(directory, "corpus");
    mkdirSync(corpus);
    SEEDS[name]?.forEach((seed, index) => { writeFileSync(join(corpus, String(index)), seed); });
    const fuzzer = buildFuzzer(name, directory);
    const { status, stderr } = spawnSync(fuzzer, [`-runs=${RUNS}`, "-seed=1", "-max_len=8192", "-print_final_stats=1", "corpus"], { cwd: directory, encoding: "utf8", maxBuffer: 1 << 28 });
    expect(stderr.split("\n").slice(-40).join("\n")).toContain(`stat::number_of_executed_units: ${RUNS}\n`);
    expect(status).toBe(0);
  });
});
