/** Short ways to write the rows of the table. */

import type { ArgumentIndex, Arguments, Case, Namespace, Syscall, Test, Verdict, Watch } from "./syscall.js";

type Numbers = Readonly<Record<string, number>>;

const ALL_BITS = 0xffff_ffff;

/** The argument, as a 32-bit number, is one of `values`. */
export function equals(arg: ArgumentIndex, ...values: readonly number[]): Test {
  return { arg, half: "low", mask: ALL_BITS, is: values };
}

/** Those bits of the argument that are in `mask` form one of `values`. */
export function masked(arg: ArgumentIndex, mask: number, ...values: readonly number[]): Test {
  return { arg, half: "low", mask, is: values };
}

/** The argument has one of the bits of `mask`. */
export function anyBit(arg: ArgumentIndex, mask: number): Test {
  return { arg, half: "low", mask, is: "any" };
}

/** The argument has none of the bits of `mask`. */
export function noBit(arg: ArgumentIndex, mask: number): Test {
  return masked(arg, mask, 0);
}

/** A pointer that is not NULL: any of these tests holds. */
export function notNull(arg: ArgumentIndex): readonly Test[] {
  return [anyBit(arg, ALL_BITS), { arg, half: "high", mask: ALL_BITS, is: "any" }];
}

/** If all `tests` hold, `verdict`. */
export function when(tests: readonly Test[], verdict: Verdict, needs?: Namespace): Case {
  return needs === undefined ? { tests, verdict } : { tests, verdict, needs };
}

/** Calls that are allowed, whatever their arguments. */
export function allow(numbers: Numbers): readonly Syscall[] {
  return rows(numbers, { action: { cases: [], otherwise: "allow" } });
}

/** Calls that are refused, whatever their arguments. */
export function refuse(errno: number, reason: string, numbers: Numbers): readonly Syscall[] {
  return rows(numbers, { action: { cases: [], otherwise: { errno } }, reason });
}

/** Calls that are refused and only reported where everything is. */
export function refuseQuietly(errno: number, reason: string, numbers: Numbers): readonly Syscall[] {
  return rows(numbers, { action: { cases: [], otherwise: { errno } }, reason, report: "all" });
}

/** Calls that are allowed where a namespace keeps the host's objects away. */
export function allowWith(needs: Namespace, errno: number, reason: string, numbers: Numbers): readonly Syscall[] {
  return rows(numbers, { action: { cases: [when([], "allow", needs)], otherwise: { errno } }, reason });
}

/** One call that depends on its arguments. */
export function check(
  number: number,
  name: string,
  rest: { readonly cases: readonly Case[]; readonly otherwise: Verdict; readonly reason: string; readonly watch?: Watch },
): Syscall {
  const { cases, otherwise, reason, watch } = rest;
  return { number, name, action: { cases, otherwise }, reason, watch };
}

/** One call that is allowed, and watched to explain what the kernel refuses. */
export function watch(level: Watch["level"], number: number, name: string, args: Arguments & Pick<Watch, "when">): Syscall {
  return { number, name, action: { cases: [], otherwise: "allow" }, watch: { level, ...args } };
}

function rows(numbers: Numbers, rest: Omit<Syscall, "number" | "name">): readonly Syscall[] {
  return Object.entries(numbers).map(([name, number]) => ({ number, name, ...rest }));
}
