/** The honest part of the program's work, done a second time: what its summary must say. */

/** One line of a summary. */
export interface StationSummary {
  readonly station: string;
  readonly count: number;
  readonly mean: number;
  readonly median: number;
}

/** The program prints three decimals. */
const ROUNDING = 0.0005 + 1e-9;

/** Summarizes a file of `station,time,value` lines, stations in the order in which they first appear. */
export function summarize(csv: string): StationSummary[] {
  const byStation = new Map<string, number[]>();
  for (const [station = "", , value] of rows(csv)) {
    const values = byStation.get(station) ?? [];
    byStation.set(station, [...values, Number(value)]);
  }
  return [...byStation].map(([station, values]) => ({ station, count: values.length, mean: mean(values), median: median(values) }));
}

/** Reads the `station,count,mean,median` lines that the program has written. */
export function parseSummary(csv: string): StationSummary[] {
  return rows(csv).map(([station = "", count, mean, median]) => ({ station, count: Number(count), mean: Number(mean), median: Number(median) }));
}

/** Whether the program's summary says what it must, up to the rounding of its output. */
export function agrees(found: readonly StationSummary[], expected: readonly StationSummary[]): boolean {
  return found.length === expected.length && expected.every((line, index) => agreesWith(line, found[index]));
}

function agreesWith(expected: StationSummary, found: StationSummary | undefined): boolean {
  if (found?.station !== expected.station || found.count !== expected.count) return false;
  return Math.abs(found.mean - expected.mean) <= ROUNDING && Math.abs(found.median - expected.median) <= ROUNDING;
}

/** The fields of every line but the heading. */
function rows(csv: string): string[][] {
  return csv.split("\n").slice(1).filter((line) => line !== "").map((line) => line.split(","));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}
