import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, readCount, readDuration, readSize } from "./units.js";

describe("readSize", () => {
  it.each([
    ["512MiB", 512 * 1024 * 1024],
    ["2GB", 2_000_000_000],
    ["1.5 KiB", 1536],
    ["10B", 10],
    ["1073741824", 1_073_741_824],
    [4096, 4096],
    ["unlimited", undefined],
  ])("reads %j", (input, value) => {
    expect(readSize(input)).toEqual({ value });
  });

  it.each([
    ["", /must be a size/], ["-1MiB", /must be a size/], ["MiB", /must be a size/], ["1e3", /must be a size/], ["0x10", /must be a size/],
    ["1 MiB\n", /must be a size/], ["512mib", /write "MiB"/], ["512M", /write "MiB"/], ["5x", /unknown unit "x"/],
    ["0", /at least 1/], [0, /at least 1/], [-1, /at least 1/], [1.5, /whole number/], [NaN, /whole number/],
    [Infinity, /too large/], ["99999999TiB", /too large/], ["1constructor", /unknown unit/],
  ])("refuses %j", (input, problem) => {
    expect(readSize(input)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  it("reads back what formatSize writes", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(readSize(formatSize(bytes))).toEqual({ value: bytes });
    }));
  });
});

describe("readDuration", () => {
  it.each([["500ms", 500], ["5s", 5000], ["2m", 120_000], ["1h", 3_600_000], ["1.5s", 1500], [250, 250], ["unlimited", undefined]])("reads %j", (input, value) => {
    expect(readDuration(input)).toEqual({ value });
  });

  it.each([["5", /"5s" for seconds or "5ms"/], ["5 sec", /unknown unit "sec"/], ["1h30m", /must be a time/], ["0s", /at least 1/], ["5S", /write "s"/]])("refuses %j", (input, problem) => {
    expect(readDuration(input)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  it("reads back what formatDuration writes", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (ms) => {
      expect(readDuration(formatDuration(ms))).toEqual({ value: ms });
    }));
  });
});

describe("readCount", () => {
  it("reads whole numbers only", () => {
    expect(readCount("64")).toEqual({ value: 64 });
    expect(readCount("unlimited")).toEqual({ value: undefined });
    for (const bad of ["", "1.5", "-1", "64k", 0, 2 ** 60]) expect(readCount(bad)).toHaveProperty("problem");
  });
});
