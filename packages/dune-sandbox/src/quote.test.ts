import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable, quote } from "./quote.js";

describe("quote", () => {
  it("leaves a plain path as it is", () => {
    expect(quote("/usr/lib/x86_64-linux-gnu/libc.so.6")).toBe("/usr/lib/x86_64-linux-gnu/libc.so.6");
  });

  it("puts what a shell would act on in quotes", () => {
    expect(quote("a b")).toBe("'a b'");
    expect(quote("it's")).toBe(String.raw`'it'\''s'`);
    expect(quote("")).toBe("''");
    expect(quote("~")).toBe("'~'");
  });

  it.each([
    ["a newline, which would fake a second message", "a\nb", String.raw`$'a\nb'`],
    ["an escape sequence", "\x1b[2J", String.raw`$'\x1b[2J'`],
    ["a bidirectional override", "\u202Etxt.exe", String.raw`$'\u202etxt.exe'`],
    ["a zero-width space", "a\u200Bb", String.raw`$'a\u200bb'`],
    ["a C1 control", "\u009B31m", String.raw`$'\u009b31m'`],
    ["a no-break space", "a\u00A0b", String.raw`$'a\u00a0b'`],
  ])("escapes %s", (_, text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  it("prints letters of other scripts as they are", () => {
    expect(quote("größe/日本語")).toBe("'größe/日本語'");
  });

  it("never prints a control or format character, whatever the text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[\p{Cc}\p{Cf}]/u.test(quote(text))));
  });

  it("gives back the same text when bash reads it", ({ skip }) => {
    skip(!existsSync("/bin/bash"), "there is no /bin/bash");
    const texts = fc.sample(fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0") && !/\p{Cs}/u.test(text)), { numRuns: 60, seed: 1 });
    const script = `printf '%s\\0' ${texts.map(quote).join(" ")}`;
    const output = execFileSync("/bin/bash", ["--norc", "-c", script], { env: { LC_ALL: "C.UTF-8" } });
    expect(output.toString("utf8").split("\0").slice(0, -1)).toEqual(texts);
  });
});

describe("printable", () => {
  it("shows controls by number and changes nothing else", () => {
    expect(printable("a 'b'\t\x7f")).toBe(String.raw`a 'b'\t\x7f`);
  });
});
