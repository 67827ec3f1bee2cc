import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hostView } from "./host-view.js";

const directory = mkdtempSync(join(tmpdir(), "host-view-"));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

function file(name: string, mode: number): string {
  const path = join(directory, name);
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

test("files and directories are told apart, links followed", () => {
  const path = file("plain", 0o640);
  symlinkSync(path, join(directory, "link"));
  mkdirSync(join(directory, "sub"));
  expect(hostView.stat(join(directory, "link"))).toEqual({ directory: false, mode: 0o640, uid: hostView.uid });
  expect(hostView.stat(join(directory, "sub"))?.directory).toBe(true);
});

test("what is not there, or cannot be a path, is nothing", () => {
  const path = file("leaf", 0o600);
  for (const absent of [join(directory, "absent"), join(path, "below"), `${path}\0x`, join(directory, "x".repeat(300))]) {
    expect(hostView.stat(absent)).toBeUndefined();
    expect(hostView.access(absent, "read")).toBe(false);
  }
});

test("only what is marked so can be executed", () => {
  expect(hostView.access(file("program", 0o700), "exec")).toBe(true);
  expect(hostView.access(file("data", 0o600), "exec")).toBe(false);
});

test("permissions hold", ({ skip }) => {
  skip(hostView.uid === 0, "they do not stop root");
  expect(hostView.access(file("secret", 0o000), "read")).toBe(false);
  expect(hostView.access(file("frozen", 0o400), "write")).toBe(false);
});
