import { describe, expect, it } from "vitest";
import { checkEncoding } from "./encoding.js";

const cmdline = (...words: (string | Buffer)[]) => Buffer.concat(words.flatMap((word) => [Buffer.from(word), Buffer.of(0)]));

describe("checkEncoding", () => {
  it("accepts UTF-8, also a replacement character that was really typed", () => {
    checkEncoding(["./größe", "\uFFFD"], cmdline("node", "cli.js", "./größe", "\uFFFD"));
  });

  it("refuses an argument whose bytes were replaced, and shows them", () => {
    const bytes = Buffer.from([0x61, 0xff, 0x27, 0x62]);
    expect(() => { checkEncoding(["./p", bytes.toString("utf8")], cmdline("node", "cli.js", "./p", bytes)); }).toThrow(
      expect.objectContaining({ code: "ERR_SANDBOX_ENCODING", exitCode: 125, message: expect.stringContaining(String.raw`$'a\xff\x27b'`) as string }),
    );
  });

  it("does not take Node's own arguments for the program's", () => {
    checkEncoding(["\uFFFD"], cmdline("node", Buffer.of(0xff), "\uFFFD"));
  });

  it("keeps empty arguments in their place", () => {
    expect(() => { checkEncoding(["\uFFFD", "", ""], cmdline("node", Buffer.of(0xff), "", "")); }).toThrow(/\\xff/);
  });
});
