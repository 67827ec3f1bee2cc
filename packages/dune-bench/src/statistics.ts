import { median, medianAbsoluteDeviation, quantileSorted, sampleWithReplacement } from "simple-statistics";
import { BenchError } from "./errors.js";

export { median, medianAbsoluteDeviation };

/** Both ends of an interval, in the unit of the samples. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How a bootstrap interval is computed; the defaults give a 95 % interval. */
export interface BootstrapOptions {
  /** Share of resamples that the interval holds, between 0 and 1. */
  readonly level?: number;
  /** How often the samples are drawn anew. */
  readonly resamples?: number;
  /** The same seed gives the same interval. */
  readonly seed?: number;
}

/** The value below which `share` (0 to 1) of the samples lie, interpolated linearly between its two neighbours. */
export function percentile(samples: readonly number[], share: number): number {
  demand(samples.length > 0, "a percentile needs a sample");
  demand(share >= 0 && share <= 1, `a share lies between 0 and 1, not at ${share}`);
  return quantileSorted([...samples].sort((a, b) => a - b), share);
}

/** Percentile-bootstrap interval of the median. */
export function medianInterval(samples: readonly number[], options: BootstrapOptions = {}): Interval {
  demand(samples.length > 0, "an interval needs a sample");
  return bootstrap(options, (random) => median(sampleWithReplacement([...samples], samples.length, random)));
}

/**
 * Percentile-bootstrap interval of `median(numerator) / median(denominator)`.
 *
 * Sample `i` of both must come from the same round of an interleaved run: rounds are drawn
 * as a whole, so that a slow spell of the machine, which hits both, does not widen the interval.
 */
export function ratioInterval(numerator: readonly number[], denominator: readonly number[], options: BootstrapOptions = {}): Interval {
  demand(numerator.length > 0, "an interval needs a sample");
  demand(numerator.length === denominator.length, `${numerator.length} and ${denominator.length} samples are not rounds of one run`);
  const rounds = numerator.map((value, round) => [value, denominator[round] ?? Number.NaN] as const);
  return bootstrap(options, (random) => {
    const drawn = sampleWithReplacement(rounds, rounds.length, random);
    return median(drawn.map(([value]) => value)) / median(drawn.map(([, value]) => value));
  });
}

function bootstrap(options: BootstrapOptions, statistic: (random: () => number) => number): Interval {
  const { level = 0.95, resamples = 2000, seed = 1 } = options;
  demand(level > 0 && level < 1, `a level lies between 0 and 1, not at ${level}`);
  demand(Number.isInteger(resamples) && resamples > 0, `${resamples} is no number of resamples`);
  const random = randomSource(seed);
  const values = Array.from({ length: resamples }, () => statistic(random)).sort((a, b) => a - b);
  const tail = (1 - level) / 2;
  return { low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) };
}

/**
 * Numbers in [0, 1), the same for the same seed: splitmix32, a Weyl sequence through a
 * 32-bit mixing function. Good enough to draw samples with, and nothing else.
 */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}

function demand(condition: boolean, message: string): void {
  if (!condition) throw new BenchError("ERR_BENCH_ARGUMENT", message);
}
