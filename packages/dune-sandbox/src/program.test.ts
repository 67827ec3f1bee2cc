import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SandboxErrorCode } from "./errors.js";
import { SandboxError } from "./errors.js";
import { resolveProgram } from "./program.js";

let cwd: string;
beforeAll(() => { cwd = realpathSync(mkdtempSync(join(tmpdir(), "dune-program-"))); });
afterAll(() => { rmSync(cwd, { recursive: true }); });

function file(name: string, content: string | Buffer, mode = 0o755): string {
  writeFileSync(join(cwd, name), content);
  chmodSync(join(cwd, name), mode);
  return `./${name}`;
}

/** A program that names its loader: one PT_INTERP right behind the header. */
function elfWithLoader(path: string): Buffer {
  const loader = Buffer.from(`${path}\0`);
  const segment = Buffer.alloc(56);
  segment.writeUInt32LE(3, 0); // PT_INTERP
  segment.writeBigUInt64LE(120n, 8);
  segment.writeBigUInt64LE(BigInt(loader.length), 32);
  segment.writeBigUInt64LE(BigInt(loader.length), 40);
  return Buffer.concat([elf({ 32: 64, 56: 1 }), segment, loader]);
}

/** An ELF64 file header without program headers; `at` overwrites bytes. */
function elf(at: Readonly<Record<number, number>> = {}): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16); // e_type: ET_EXEC
  bytes.writeUInt16LE(62, 18); // e_machine: EM_X86_64
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  for (const [offset, value] of Object.entries(at)) bytes[Number(offset)] = value;
  return bytes;
}

function errorOf(name: string, path?: string): SandboxError {
  try {
    resolveProgram(name, { cwd, path });
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new Error(`${name} was accepted`);
}

describe("resolveProgram", () => {
  it("finds a program by path, and looks up PATH only for a name without a slash", () => {
    const name = file("tool", elf());
    expect(resolveProgram(name, { cwd, path: "/nowhere" })).toMatchObject({ path: join(cwd, "tool"), argv0: "./tool", kind: "elf" });
    expect(resolveProgram("tool", { cwd, path: `/nowhere:${cwd}` })).toMatchObject({ path: join(cwd, "tool"), argv0: "tool" });
    expect(errorOf("tool", "/nowhere")).toMatchObject({ code: "ERR_SANDBOX_PROGRAM_NOT_FOUND", exitCode: 127, fix: "dune-sandbox ./tool" });
  });

  it("passes over a file in PATH that is not executable", () => {
    mkdirSync(join(cwd, "first"));
    mkdirSync(join(cwd, "second"));
    file("first/both", elf(), 0o644);
    file("second/both", elf());
    expect(resolveProgram("both", { cwd, path: `${cwd}/first:${cwd}/second` }).path).toBe(join(cwd, "second/both"));
  });

  it("keeps the spelled path beside the real one", () => {
    file("real", elf());
    symlinkSync("real", join(cwd, "link"));
    expect(resolveProgram("./link", { cwd })).toMatchObject({
      path: join(cwd, "real"),
      spelled: join(cwd, "link"),
      links: [{ path: join(cwd, "link"), text: "real" }],
    });
  });

  it("lists what a script needs to start: its interpreter, and what that needs", () => {
    file("interpreter", elf());
    file("outer", `#!${join(cwd, "inner")}\n`);
    file("inner", `#!${join(cwd, "interpreter")}\n`);
    const { kind, interpreter, extraReads } = resolveProgram("./outer", { cwd });
    expect([kind, interpreter]).toEqual(["script", join(cwd, "inner")]);
    expect(extraReads.map(({ path }) => path)).toEqual([join(cwd, "inner"), join(cwd, "interpreter")]);
  });

  it("follows env to the interpreter it will find", () => {
    file("mylang", elf());
    file("viaenv", "#!/usr/bin/env mylang\n");
    const { extraReads } = resolveProgram("./viaenv", { cwd, path: cwd });
    expect(extraReads.map(({ path }) => path)).toContain(join(cwd, "mylang"));
    expect(errorOf("./viaenv", "/nowhere")).toMatchObject({ code: "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING" });
  });

  it("accepts a path with a newline", () => {
    const name = file("new\nline", elf());
    expect(resolveProgram(name, { cwd }).path).toBe(join(cwd, "new\nline"));
  });

  it("finds the loader of a dynamic program of this machine", () => {
    const { kind, interpreter, extraReads } = resolveProgram(process.execPath, { cwd });
    expect(kind).toBe("elf");
    if (interpreter !== undefined) expect(extraReads.map(({ path }) => path)).toEqual([realpathSync(interpreter)]);
  });

  const cases: readonly [what: string, code: SandboxErrorCode, message: RegExp, make: () => string][] = [
    ["a missing file", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /no such file/, () => "./missing"],
    ["an empty name", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /''/, () => ""],
    ["a name with NUL", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /\\x00/, () => "./a\0b"],
    ["a file taken for a directory", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /not a directory/, () => `${file("plain", elf())}/x`],
    ["a link to nothing", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /no such file/, () => { symlinkSync("nothing", join(cwd, "dangling")); return "./dangling"; }],
    ["a link to itself", "ERR_SANDBOX_PROGRAM_NOT_FOUND", /too many symbolic links/, () => { symlinkSync("loop", join(cwd, "loop")); return "./loop"; }],
    ["a directory", "ERR_SANDBOX_PROGRAM_IS_DIRECTORY", /is a directory/, () => "./"],
    ["a file without execute permission", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /not marked as executable/, () => file("noexec", elf(), 0o644)],
    ["an empty file", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /is empty/, () => file("empty", "")],
    ["a text file without #!", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /text file without a first line/, () => file("text", "echo hello\n")],
    ["unknown bytes", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /neither ELF nor a script/, () => file("bytes", Buffer.of(1, 0, 2))],
    ["a Windows program", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /Windows/, () => file("exe", "MZ\0\0")],
    ["a cut-off ELF file", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /damaged/, () => file("cut", elf().subarray(0, 20))],
    ["an object file", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /object file/, () => file("object.o", elf({ 16: 1 }))],
    ["a shared library", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", /shared library/, () => file("library.so", elf({ 16: 3 }))],
    ["a program for another machine", "ERR_SANDBOX_PROGRAM_WRONG_ARCHITECTURE", /aarch64/, () => file("arm", elf({ 18: 183 }))],
    ["a 32-bit program", "ERR_SANDBOX_PROGRAM_WRONG_ARCHITECTURE", /32-bit x86/, () => file("i386", elf({ 4: 1, 18: 3 }))],
    ["an x32 program", "ERR_SANDBOX_PROGRAM_WRONG_ARCHITECTURE", /x32/, () => file("x32", elf({ 4: 1 }))],
    ["a script without an interpreter", "ERR_SANDBOX_PROGRAM_BAD_SHEBANG", /names no interpreter/, () => file("none", "#!\n")],
    ["a script with Windows line ends", "ERR_SANDBOX_PROGRAM_BAD_SHEBANG", /carriage return/, () => file("crlf", "#!/bin/sh\r\n")],
    ["a script whose interpreter is itself", "ERR_SANDBOX_PROGRAM_BAD_SHEBANG", /times over/, () => file("self", `#!${join(cwd, "self")}\n`)],
    ["a script whose interpreter is missing", "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING", /is not there/, () => file("lost", "#!/nowhere/lang\n")],
  ];
  it.each(cases)("refuses %s", (_, code, message, make) => {
    const error = errorOf(make());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("refuses a file that it cannot read", ({ skip }) => {
    skip(process.getuid?.() === 0, "root can read every file");
    expect(errorOf(file("secret", elf(), 0o111))).toMatchObject({ code: "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", message: expect.stringContaining("cannot be read") as string });
  });

  it("refuses a device", ({ skip }) => {
    skip(!existsSync("/dev/null"), "there is no /dev/null");
    expect(errorOf("/dev/null").message).toMatch(/not a regular file/);
  });

  it("names the missing loader, and what installs musl's", () => {
    expect(errorOf(file("musl", elfWithLoader("/lib/ld-musl-nowhere.so.1")))).toMatchObject({
      code: "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING",
      message: expect.stringContaining("/lib/ld-musl-nowhere.so.1") as string,
      fix: "apt install musl",
    });
  });

  // The file becomes readable for the program, and the program says which one it is.
  it.each<[what: string, make: () => string]>([
    ["a directory", () => cwd],
    ["a file of data", () => join(cwd, file("data", "secret", 0o755))],
    ["a program that may not be executed", () => join(cwd, file("plain.so", elf(), 0o644))],
    ["a device", () => "/dev/null"],
  ])("does not take %s for a loader", (_, make) => {
    expect(errorOf(file("decoy", elfWithLoader(make())))).toMatchObject({
      code: "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE",
      message: expect.stringContaining("not an executable ELF file") as string,
    });
  });
});
