/** Building and running the C programs of `native/test` and `native/fuzz`. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { packageRoot } from "../package-root.js";

const NATIVE = join(packageRoot(), "native");

/** Whether there is such a compiler. In CI there has to be one: a skipped test would look like a passed one. */
export function hasCompiler(name: string): boolean {
  return process.env.CI === "true" || spawnSync(name, ["--version"]).status === 0;
}

/** Builds a target of the native Makefile's `fuzz` into `directory`. */
export function buildFuzzer(name: string, directory: string): string {
  execFileSync("make", ["-s", "-C", NATIVE, `FUZZ_OUT=${directory}`, `${directory}/${name}`], { stdio: ["ignore", "ignore", "inherit"] });
  return join(directory, name);
}

/** Compiles one program of `native/test` with the jail's sources that it needs, runs it, and returns what it prints. */
export function runNative(name: string, sources: readonly string[] = [], input: Uint8Array = Buffer.alloc(0)): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "dune-native-"));
  try {
    const program = join(directory, name);
    const files = [`test/${name}.c`, ...sources.map((source) => `jail/${source}.c`)];
    execFileSync("gcc", ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", program, ...files], { cwd: NATIVE });
    return execFileSync(program, { input });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "dune-test-"));
  onTestFinished(() => { rmSync(directory, { recursive: true, force: true }); });
  return directory;
}
