/** Signal numbers and wait statuses, as wait(2) packs them. */

import { constants } from "node:os";

/** How a program ended: one of the two is set. */
export interface Ending {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export function signalNumber(signal: NodeJS.Signals | number): number {
  return typeof signal === "number" ? signal : constants.signals[signal];
}

/** Reads a wait status of a process that has ended. */
export function endingOf(status: number): Ending {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: undefined };
  return { code: undefined, signal: nameOf(signal) };
}

function nameOf(number: number): NodeJS.Signals {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [`SIG${number}`];
  return name as NodeJS.Signals;
}
