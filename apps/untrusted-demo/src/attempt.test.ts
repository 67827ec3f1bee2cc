import { expect, test } from "vitest";
import { parseAttempts, successes } from "./attempt.js";

test("an attempt is a sign, a known name and a detail", () => {
  expect(parseAttempts("+ token    DEMO_API_TOKEN: 22 characters\n- lookup   example.com: unknown\n")).toEqual([
    { name: "token", succeeded: true, detail: "DEMO_API_TOKEN: 22 characters" },
    { name: "lookup", succeeded: false, detail: "example.com: unknown" },
  ]);
});

test("other lines and unknown names are left out", () => {
  expect(parseAttempts("+ world dominated\nhello\n\n+ secret\n")).toEqual([]);
});

test("what steers a terminal is not passed on", () => {
  expect(parseAttempts("+ secret \u001b[2Jgone\u202e")).toEqual([{ name: "secret", succeeded: true, detail: "?[2Jgone?" }]);
});

test("successes are named in the order in which they were tried", () => {
  expect(successes(parseAttempts("+ write x\n- token x\n+ secret x\n"))).toEqual(["write", "secret"]);
});
