import { constants } from "node:os";
import { expect, test } from "vitest";
import { endingOf, signalNumber } from "./signals.js";

test("signals go by name and by number", () => {
  expect(signalNumber("SIGTERM")).toBe(15);
  expect(signalNumber(9)).toBe(9);
  for (const [name, number] of Object.entries(constants.signals)) expect(signalNumber(name as NodeJS.Signals)).toBe(number);
});

test.each([[0, 0], [7 << 8, 7], [255 << 8, 255]])("wait status %i is exit code %i", (status, code) => {
  expect(endingOf(status)).toEqual({ code, signal: undefined });
});

// The core-dump flag, 0x80, is not part of the number (wait(2)).
test.each([[9, "SIGKILL"], [11 | 0x80, "SIGSEGV"], [15, "SIGTERM"], [25, "SIGXFSZ"]])("wait status %i is %s", (status, signal) => {
  expect(endingOf(status)).toEqual({ code: undefined, signal });
});

test("a real-time signal, which Node has no name for, is named by its number", () => {
  expect(endingOf(40)).toEqual({ code: undefined, signal: "SIG40" });
});

test("every signal that can end a program has a name that leads back to it", () => {
  for (let number = 1; number < 32; number++) {
    const { signal } = endingOf(number);
    expect(signal === undefined ? undefined : constants.signals[signal]).toBe(number);
  }
});
