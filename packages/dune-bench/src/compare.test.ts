import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compare, summarize } from "./compare.js";
import type { Contestant } from "./contestant.js";

const node = process.execPath;

/** A contestant that notes each of its runs. */
function noting(name: string, runs: string[], result: unknown = name): Contestant {
  return {
    kind: "function",
    name,
    run() {
      runs.push(name);
      return result;
    },
    verify(answer) {
      if (answer !== name) throw new Error(`it said ${String(answer)}`);
    },
  };
}

const anywhere = { cpu: "any" } as const;

describe("compare", () => {
  it("runs the contestants in turn and keeps the rounds after the warm-up", async () => {
    const runs: string[] = [];
    const { contestants, rounds, warmup, cpu } = await compare([noting("a", runs), noting("b", runs)], { rounds: 3, warmup: 1, ...anywhere });
    expect(runs.join("")).toBe("abababab");
    expect({ rounds, warmup, cpu }).toEqual({ rounds: 3, warmup: 1, cpu: null });
    expect(contestants.map(({ name, samples }) => [name, samples.length])).toEqual([["a", 3], ["b", 3]]);
  });

  it("waits for a promise, and verifies what it resolves to", async () => {
    const { contestants } = await compare([noting("slow", [], Promise.resolve("slow"))], { rounds: 1, warmup: 0, ...anywhere });
    expect(contestants[0]?.samples).toHaveLength(1);
    await expect(compare([noting("slow", [], Promise.resolve("late"))], anywhere)).rejects.toThrow("it said late");
  });

  it("stops at the first wrong answer and says whose it was", async () => {
    const runs: string[] = [];
    await expect(compare([noting("a", runs), noting("b", runs, "nonsense")], anywhere)).rejects.toMatchObject({
      code: "ERR_BENCH_WRONG_RESULT",
      message: "b gave a wrong answer: it said nonsense",
    });
    expect(runs).toEqual(["a", "b"]);
  });

  it("launches processes and verifies status and output of each", async () => {
    const command = [node, "-e", "console.log('out'); console.error('err'); process.exitCode = 3"] as const;
    const expected = { status: 3, stdout: "out\n", stderr: /^err\n$/ };
    const good = { kind: "process", name: "good", command, expect: expected } as const;
    const { contestants } = await compare([good], { rounds: 1, warmup: 0, ...anywhere });
    expect(contestants[0]?.samples[0]).toBeGreaterThan(0);

    for (const [expectation, message] of [
      [{ ...expected, status: 0 }, "good ended with status 3 instead of 0; stderr: \"err\\n\""],
      [{ ...expected, stdout: "" }, "good wrote \"out\\n\" to stdout instead of \"\""],
      [{ ...expected, stderr: /nothing/ }, "good wrote \"err\\n\" to stderr instead of /nothing/"],
    ] as const) {
      await expect(compare([{ ...good, expect: expectation }], anywhere)).rejects.toMatchObject({ code: "ERR_BENCH_WRONG_RESULT", message });
    }
  });

  it("names the signal that ended a process, and a program that is not there", async () => {
    const killed = { kind: "process", name: "killed", command: [node, "-e", "process.kill(process.pid, 'SIGKILL')"] } as const;
    await expect(compare([killed], anywhere)).rejects.toThrow(/^killed ended by SIGKILL instead of 0/);
    const missing = { kind: "process", name: "missing", command: ["/nowhere/program"] } as const;
    await expect(compare([missing], anywhere)).rejects.toThrow(/^missing could not be run: .*ENOENT/);
  });

  it("pins the runs to one CPU and undoes it", async ({ skip }) => {
    if (spawnSync("taskset", ["--version"]).status !== 0) skip("taskset (util-linux) is not installed");
    const allowed = () => /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/thread-self/status", "utf8"))?.[1];
    const before = allowed();
    const cpu = Number(/^\d+/.exec(before ?? "")?.[0]);
    const pinned: Contestant = {
      kind: "function",
      name: "pinned",
      run: allowed,
      verify(list) {
        if (list !== String(cpu)) throw new Error(`it ran on ${String(list)}`);
      },
    };
    expect((await compare([pinned], { rounds: 1, cpu })).cpu).toBe(cpu);
    expect(allowed()).toBe(before);
  });

  it.each([
    ["no contestant", [], {}],
    ["two of one name", [noting("a", []), noting("a", [])], {}],
    ["no round", [noting("a", [])], { rounds: 0 }],
    ["half a round of warm-up", [noting("a", [])], { warmup: 0.5 }],
  ])("refuses %s", async (_what, contestants, options) => {
    await expect(compare(contestants, options)).rejects.toMatchObject({ code: "ERR_BENCH_ARGUMENT" });
  });
});

describe("summarize", () => {
  it("relates the medians to the first contestant's", () => {
    const result = summarize("twice", [20, 40, 60], [10, 20, 30]);
    expect(result).toMatchObject({ name: "twice", samples: [20, 40, 60], median: 40, deviation: 20, minimum: 20, p99: 40 + 0.98 * 20 });
    expect(result.ratio).toEqual({ value: 2, low: 2, high: 2 });
  });
});
