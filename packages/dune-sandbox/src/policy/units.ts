/** Sizes, times and counts as people write them. Each reader says what is wrong instead of throwing: the caller knows where it stands. */

/** The value that was meant, or a sentence that completes "`field` …". */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

const KIB = 1024;
const KB = 1000;

type Units = ReadonlyMap<string, number>;

const SIZE_UNITS: Units = new Map(Object.entries({
  B: 1, kB: KB, KB, MB: KB ** 2, GB: KB ** 3, TB: KB ** 4,
  KiB: KIB, MiB: KIB ** 2, GiB: KIB ** 3, TiB: KIB ** 4,
}));

const TIME_UNITS: Units = new Map(Object.entries({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }));

/** JSON Schema patterns for editors; the readers below are stricter (range) and say more. */
export const SIZE_PATTERN = "^(unlimited|[0-9]+(\\.[0-9]+)? ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)|[0-9]+)$";
export const DURATION_PATTERN = "^(unlimited|[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d))$";

const QUANTITY = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/;

/** Bytes; `undefined` for "unlimited". A bare number is bytes. */
export function readSize(input: number | string): Reading<number | undefined> {
  if (input === "unlimited") return { value: undefined };
  if (typeof input === "number") return whole(input, "bytes");
  const [amount, unit] = split(input);
  if (amount === undefined) return { problem: `must be a size such as "512MiB", "2GB" or "unlimited"` };
  if (unit === "") return whole(amount, "bytes");
  const factor = SIZE_UNITS.get(unit);
  if (factor === undefined) return { problem: unknownUnit(unit, SIZE_UNITS, `${amount}MiB`) };
  return whole(Math.round(amount * factor), "bytes");
}

/** Milliseconds; `undefined` for "unlimited". Text needs a unit: `"5"` could mean anything. */
export function readDuration(input: number | string): Reading<number | undefined> {
  if (input === "unlimited") return { value: undefined };
  if (typeof input === "number") return whole(input, "milliseconds");
  const [amount, unit] = split(input);
  if (amount === undefined) return { problem: `must be a time such as "500ms", "5s", "2m" or "unlimited"` };
  if (unit === "") return { problem: `needs a unit: write "${amount}s" for seconds or "${amount}ms" for milliseconds` };
  const factor = TIME_UNITS.get(unit);
  if (factor === undefined) return { problem: unknownUnit(unit, TIME_UNITS, `${amount}s`) };
  return whole(Math.round(amount * factor), "milliseconds");
}

/** A whole number of things; `undefined` for "unlimited". */
export function readCount(input: number | string): Reading<number | undefined> {
  if (input === "unlimited") return { value: undefined };
  if (typeof input === "number") return whole(input, "");
  if (!/^\d+$/.test(input)) return { problem: `must be a whole number or "unlimited"` };
  return whole(Number(input), "");
}

/** `bytes` in the largest unit that divides it, so that reading it back gives the same number. */
export function formatSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const factor = SIZE_UNITS.get(unit);
    if (factor !== undefined && bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}

/** `ms` in the largest unit that divides it. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const factor = TIME_UNITS.get(unit);
    if (factor !== undefined && ms >= factor && ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}

function split(text: string): [amount: number, unit: string] | [amount: undefined, unit: undefined] {
  const [, amount, unit] = QUANTITY.exec(text) ?? [];
  return amount === undefined || unit === undefined ? [undefined, undefined] : [Number(amount), unit];
}

/** Zero is refused: nobody means "nothing at all", and to the kernel's interfaces it means "no limit". */
function whole(value: number, unit: string): Reading<number> {
  if (Number.isSafeInteger(value) && value >= 1) return { value };
  const of = unit === "" ? "" : ` of ${unit}`;
  if (value > Number.MAX_SAFE_INTEGER) return { problem: `is too large; the most is ${Number.MAX_SAFE_INTEGER}, and "unlimited" lifts the limit` };
  return { problem: `must be a whole number${of}, at least 1` };
}

function unknownUnit(unit: string, units: Units, example: string): string {
  const known = [...units.keys()];
  const meant = known.find((name) => name.toLowerCase() === unit.toLowerCase())
    ?? known.find((name) => name.toLowerCase() === `${unit.toLowerCase()}ib`);
  const hint = meant === undefined ? `one of ${known.join(", ")}, as in "${example}"` : `"${meant}"`;
  return `has the unknown unit "${unit}"; write ${hint}`;
}
