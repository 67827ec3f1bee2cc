/** Signal numbers and wait statuses, as wait(2) packs them. */

import { constants } from "node:os";
import { SandboxError } from "./errors.js";
import { quote } from "./quote.js";

/** How a program ended: one of the two is set. */
export interface Ending {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** @throws {SandboxError} `ERR_SANDBOX_OPTION` if there is no such signal */
export function signalNumber(signal: NodeJS.Signals | number): number {
  const number = typeof signal === "number" ? signal : (constants.signals as Partial<Record<string, number>>)[signal];
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > 64) throw new SandboxError("ERR_SANDBOX_OPTION", `There is no signal ${quote(String(signal))}`);
  return number;
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
