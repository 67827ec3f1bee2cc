import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BenchError } from "./errors.js";
import { median, medianAbsoluteDeviation, medianInterval, percentile, randomSource, ratioInterval } from "./statistics.js";

const samples = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 40 });
const quick = { resamples: 50 };

describe("median and its deviation", () => {
  it("follow from the definition", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([1, 2, 3, 10])).toBe(2.5);
    // Distances from 2: 1, 1, 0, 0, 2, 4, 7; the middle one is 1.
    expect(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  });
});

describe("percentile", () => {
  it("runs from the smallest sample to the largest, and never falls", () => {
    fc.assert(fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (values, a, b) => {
      expect(percentile(values, 0)).toBe(Math.min(...values));
      expect(percentile(values, 1)).toBe(Math.max(...values));
      expect(percentile(values, Math.min(a, b))).toBeLessThanOrEqual(percentile(values, Math.max(a, b)));
    }));
  });

  it("leaves the samples in their order", () => {
    const values = [3, 1, 2];
    percentile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  it.each([[[], 0.5], [[1], -0.1], [[1], 1.1], [[1], Number.NaN]])("refuses %j at %d", (values, share) => {
    expect(() => percentile(values, share)).toThrow(BenchError);
  });
});

describe("medianInterval", () => {
  it("lies within the samples and is the same for the same seed", () => {
    fc.assert(fc.property(samples, fc.integer(), (values, seed) => {
      const interval = medianInterval(values, { ...quick, seed });
      expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values));
      expect(interval.high).toBeLessThanOrEqual(Math.max(...values));
      expect(interval.low).toBeLessThanOrEqual(interval.high);
      expect(medianInterval(values, { ...quick, seed })).toEqual(interval);
    }));
  });

  it("scales with the unit", () => {
    fc.assert(fc.property(samples, (values) => {
      const { low, high } = medianInterval(values, quick);
      expect(medianInterval(values.map((value) => value * 1024), quick)).toEqual({ low: low * 1024, high: high * 1024 });
    }));
  });

  it("holds the true median about as often as it says", () => {
    const random = randomSource(7);
    const trials = 200;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      // Exponential with rate 1: the median is ln 2.
      const values = Array.from({ length: 41 }, () => -Math.log(1 - random()));
      const { low, high } = medianInterval(values, { resamples: 400, seed: trial });
      if (low <= Math.LN2 && Math.LN2 <= high) held++;
    }
    // 95 % of 200 is 190; four standard deviations of a binomial are about 12.
    expect(held).toBeGreaterThan(178);
  });
});

describe("ratioInterval", () => {
  it("is exactly the factor where one contestant is always that much slower in the same round", () => {
    fc.assert(fc.property(samples, fc.constantFrom(0.5, 1, 2, 8), (values, factor) => {
      expect(ratioInterval(values.map((value) => value * factor), values, quick)).toEqual({ low: factor, high: factor });
    }));
  });

  it("refuses samples that are not of the same rounds", () => {
    expect(() => ratioInterval([1, 2], [1])).toThrow(expect.objectContaining({ code: "ERR_BENCH_ARGUMENT" }) as Error);
  });

  it.each([{ level: 0 }, { level: 1 }, { resamples: 0 }, { resamples: 1.5 }])("refuses %j", (options) => {
    expect(() => ratioInterval([1], [1], options)).toThrow(BenchError);
  });
});

describe("randomSource", () => {
  it("repeats for a seed, differs between seeds, and fills [0, 1) evenly", () => {
    const draw = (seed: number) => {
      const random = randomSource(seed);
      return Array.from({ length: 10_000 }, () => random());
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of draw(5)) tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? Number.NaN) + 1;
    // 1,000 expected in each, standard deviation 30.
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
