/** The input of the demo: temperatures of six weather stations, the same in every run. */

const STATIONS = ["Aletsch", "Brocken", "Feldberg", "Hornisgrinde", "Sonnblick", "Zugspitze"] as const;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

/** Rows below the heading. */
export const MEASUREMENTS = 1000;

/** A CSV file of `station,time,celsius`, one decimal. */
export function measurementsCsv(): string {
  const random = sequence(2026);
  const rows = Array.from({ length: MEASUREMENTS }, (_, index) => {
    const station = Math.floor(random() * STATIONS.length);
    const celsius = -12 + 2 * station + 15 * (random() + random() - 1);
    const time = new Date(START + index * 10 * MINUTE).toISOString();
    return `${STATIONS[station] ?? ""},${time},${celsius.toFixed(1)}`;
  });
  return ["station,time,celsius", ...rows, ""].join("\n");
}

/** Numbers in [0, 1) that look random and are always the same: the generator of Numerical Recipes, section 7.1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
