import { pinTo } from "./affinity.js";
import { sample } from "./contestant.js";
import type { Contestant } from "./contestant.js";
import { BenchError } from "./errors.js";
import { fingerprint } from "./fingerprint.js";
import type { HostFingerprint } from "./fingerprint.js";
import { median, medianAbsoluteDeviation, medianInterval, percentile, ratioInterval } from "./statistics.js";
import type { Interval } from "./statistics.js";

export interface CompareOptions {
  /** Samples of each contestant. */
  readonly rounds?: number;
  /** Rounds that are run and verified first, and not kept. */
  readonly warmup?: number;
  /** CPU to run on; `"any"` leaves it to the scheduler, which suits contestants that work in parallel. */
  readonly cpu?: number | "any";
  /** Seed of the intervals. */
  readonly seed?: number;
}

/** One contestant's samples and what follows from them. All times are nanoseconds. */
export interface ContestantResult {
  readonly name: string;
  /** In the order in which they were taken; entry `i` belongs to round `i`. */
  readonly samples: readonly number[];
  readonly median: number;
  /** Median absolute deviation from the median. */
  readonly deviation: number;
  /** 95 % bootstrap interval of the median. */
  readonly interval: Interval;
  readonly minimum: number;
  readonly p99: number;
  /** Its median over that of the first contestant, with its 95 % bootstrap interval. */
  readonly ratio: { readonly value: number } & Interval;
}

/** What {@link compare} found; plain data. */
export interface Comparison {
  readonly host: HostFingerprint;
  readonly rounds: number;
  readonly warmup: number;
  /** The CPU everything ran on; null if it was not pinned. */
  readonly cpu: number | null;
  /** In the order given; the first is what the others are related to. */
  readonly contestants: readonly ContestantResult[];
}

/**
 * Measures contestants in turn, A B A B and so on, so that whatever changes on the machine
 * meanwhile changes for all of them. Every run is verified; the first wrong one ends it.
 *
 * @throws {BenchError} `ERR_BENCH_ARGUMENT`, or `ERR_BENCH_WRONG_RESULT` which names the contestant
 * @example
 * const comparison = await compare([
 *   { kind: "process", name: "true", command: ["/bin/true"] },
 *   { kind: "process", name: "env true", command: ["/usr/bin/env", "true"] },
 * ]);
 */
export async function compare(contestants: readonly Contestant[], options: CompareOptions = {}): Promise<Comparison> {
  const { rounds = 30, warmup = 3, cpu = 0, seed = 1 } = options;
  checkArguments(contestants, rounds, warmup);
  const unpin = cpu === "any" ? undefined : pinTo(cpu);
  try {
    await takeRounds(contestants, warmup);
    const samples = await takeRounds(contestants, rounds);
    const reference = samples[0] ?? [];
    return {
      host: fingerprint(),
      rounds,
      warmup,
      cpu: unpin === undefined || cpu === "any" ? null : cpu,
      contestants: contestants.map(({ name }, index) => summarize(name, samples[index] ?? [], reference, seed)),
    };
  } finally {
    unpin?.();
  }
}

/** One list of samples for each contestant. */
async function takeRounds(contestants: readonly Contestant[], rounds: number): Promise<number[][]> {
  const samples = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) samples[index]?.push(await sample(contestant));
  }
  return samples;
}

/** The figures that follow from one contestant's samples and those of the first. */
export function summarize(name: string, samples: readonly number[], reference: readonly number[], seed = 1): ContestantResult {
  const values = [...samples];
  return {
    name,
    samples,
    median: median(values),
    deviation: medianAbsoluteDeviation(values),
    interval: medianInterval(samples, { seed }),
    minimum: Math.min(...samples),
    p99: percentile(samples, 0.99),
    ratio: { value: median(values) / median([...reference]), ...ratioInterval(samples, reference, { seed }) },
  };
}

function checkArguments(contestants: readonly Contestant[], rounds: number, warmup: number): void {
  const refuse = (message: string): never => {
    throw new BenchError("ERR_BENCH_ARGUMENT", message);
  };
  if (contestants.length === 0) refuse("there is no contestant");
  if (new Set(contestants.map(({ name }) => name)).size !== contestants.length) refuse("two contestants have the same name");
  if (!Number.isInteger(rounds) || rounds < 1) refuse(`${rounds} is no number of rounds`);
  if (!Number.isInteger(warmup) || warmup < 0) refuse(`${warmup} is no number of rounds`);
}
