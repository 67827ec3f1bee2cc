import { describe, expect, it } from "vitest";
import { envProgram, readShebang } from "./shebang.js";

const line = (text: string) => readShebang(Buffer.from(text).subarray(0, 256));

describe("readShebang", () => {
  it("splits off one argument, as the kernel does", () => {
    expect(line("#! /bin/sh -e -x \necho")).toEqual({ interpreter: "/bin/sh", argument: "-e -x", carriageReturn: false });
  });

  it("reads a file that ends without a newline", () => {
    expect(line("#!/bin/sh")).toMatchObject({ interpreter: "/bin/sh" });
  });

  it("notices Windows line ends", () => {
    expect(line("#!/usr/bin/env python3\r\n")).toEqual({ interpreter: "/usr/bin/env", argument: "python3", carriageReturn: true });
  });

  it.each([["nothing", "#!\n"], ["blanks", "#!  \t \n"]])("refuses %s after #!", (_, text) => {
    expect(line(text)).toHaveProperty("problem");
  });

  it("refuses an interpreter that the kernel would cut off", () => {
    expect(line(`#!/${"x".repeat(300)}\n`)).toHaveProperty("problem");
    expect(line(`#!/bin/sh ${"x".repeat(300)}\n`)).toMatchObject({ interpreter: "/bin/sh" });
  });
});

describe("envProgram", () => {
  const wanted = (interpreter: string, argument?: string) => envProgram({ interpreter, argument, carriageReturn: false });

  it("finds the name that env looks up", () => {
    expect(wanted("/usr/bin/env", "python3")).toBe("python3");
    expect(wanted("/usr/bin/env", "-S node --no-warnings")).toBe("node");
    expect(wanted("/usr/bin/env", "-S A=1 ruby -w")).toBe("ruby");
  });

  it.each([
    "-u ./decoy", "-S -u ./decoy sh", "-S-u ./decoy sh", "-S --chdir ./decoy sh", "-S A=1 -u ./decoy sh", "-vS ./decoy sh", "--split-string=-C ./decoy sh",
    "-S PATH=. decoy", "-S \"./decoy\" sh", "-S ${DECOY} sh", "-S A=\\c decoy", "-S",
  ])("does not guess what env does with %s", (argument) => {
    expect(wanted("/usr/bin/env", argument)).toBeUndefined();
  });

  it("has nothing to find for another interpreter or no argument", () => {
    expect(wanted("/bin/sh", "-e")).toBeUndefined();
    expect(wanted("/usr/bin/env")).toBeUndefined();
  });
});
