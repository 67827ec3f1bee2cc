import { describe, expect, it } from "vitest";
import { summarize } from "./results.mjs";

describe("summarize", () => {
  it("ends with the sum over all runs, alone on its line", () => {
    const { text, ...sums } = summarize([
      { name: "a", passed: 3, failed: [{ name: "broken" }], skipped: [] },
      { name: "b", passed: 4, failed: [], skipped: [{ name: "elsewhere", reason: "needs KVM" }, { name: "later" }] },
    ]);
    expect(sums).toEqual({ passed: 7, failed: 1, skipped: 2 });
    expect(text.split("\n")).toEqual([
      "skipped: b: elsewhere (needs KVM)",
      "skipped: b: later (no reason given)",
      "failed: a: broken",
      "7 passed, 1 failed, 2 skipped",
    ]);
  });

  it("says so if nothing ran", () => {
    expect(summarize([]).text).toBe("0 passed, 0 failed, 0 skipped");
  });
});
