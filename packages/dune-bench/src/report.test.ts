import { describe, expect, it } from "vitest";
import { summarize } from "./compare.js";
import type { Comparison } from "./compare.js";
import { fingerprint } from "./fingerprint.js";
import { duration, formatMarkdown, formatText } from "./report.js";

const base = [1e6, 1e6, 1e6];
const comparison: Comparison = {
  host: fingerprint({ read: () => undefined, list: () => [] }),
  rounds: 3,
  warmup: 1,
  cpu: 1,
  contestants: [summarize("plain", base, base), summarize("a | pipe", base.map((value) => value * 3), base)],
};

describe("duration", () => {
  it.each([
    [0, "0.00 ns"],
    [3.14159, "3.14 ns"],
    [42.4, "42.4 ns"],
    [999.4, "999 ns"],
    [999.6, "1.00 us"],
    [9_996, "10.0 us"],
    [99_960, "100 us"],
    [2_750_000, "2.75 ms"],
    [1.5e9, "1.50 s"],
    [12_345e9, "12345 s"],
  ])("prints %d ns as %s", (nanoseconds, text) => {
    expect(duration(nanoseconds)).toBe(text);
  });
});

describe("formatText", () => {
  it("aligns one line for each contestant and says how it was measured", () => {
    const lines = formatText(comparison).split("\n");
    expect(lines[1]).toMatch(/^plain +1\.00 ms +0\.00 ns +1\.00 ms to 1\.00 ms +1\.00 ms +1\.000 +1\.000 to 1\.000$/);
    expect(lines[2]).toMatch(/^a \| pipe +3\.00 ms .* 3\.000 to 3\.000$/);
    expect(new Set(lines.slice(0, 3).map((line) => line.length)).size).toBe(1);
    expect(lines).toContain("3 rounds after 1 of warm-up, interleaved, pinned to CPU 1");
  });

  it("says so if nothing was pinned", () => {
    expect(formatText({ ...comparison, cpu: null })).toContain("not pinned to a CPU");
  });
});

describe("formatMarkdown", () => {
  it("keeps a bar in a name from starting a cell", () => {
    const [head, rule, ...rows] = formatMarkdown(comparison).split("\n").filter((line) => line.startsWith("|"));
    const cells = (line = "") => line.split(/(?<!\\)\|/).length;
    expect(rows).toHaveLength(2);
    for (const line of [rule, ...rows]) expect(cells(line)).toBe(cells(head));
    expect(rows[1]).toContain("a \\| pipe");
  });
});
