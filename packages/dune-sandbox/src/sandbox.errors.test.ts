import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PolicyError, SandboxError, UnsupportedError } from "./errors.js";
import { Sandbox } from "./sandbox.js";
import type { SandboxOptions } from "./sandbox.js";
import { temporaryDirectory } from "./testing/native.js";

afterEach(() => { vi.unstubAllEnvs(); });

/** What a start fails with. */
async function errorOf(program: string, args: readonly string[] = [], options: SandboxOptions = {}): Promise<unknown> {
  try {
    const box = await Sandbox.spawn(program, args, { cwd: temporaryDirectory(), ...options });
    await box[Symbol.asyncDispose]();
  } catch (error) {
    return error;
  }
  throw new Error("it started");
}

describe("a start that cannot work says why, with a code", () => {
  test.each<[string, string, () => Promise<unknown>]>([
    ["no such program", "ERR_SANDBOX_PROGRAM_NOT_FOUND", () => errorOf("./absent")],
    ["no such name in PATH", "ERR_SANDBOX_PROGRAM_NOT_FOUND", () => errorOf("no-such-program")],
    ["a directory", "ERR_SANDBOX_PROGRAM_IS_DIRECTORY", () => errorOf("/usr")],
    ["not a program", "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", () => errorOf("/etc/passwd")],
    ["no working directory", "ERR_SANDBOX_CWD", () => errorOf("/bin/true", [], { cwd: "/nowhere/at/all" })],
    ["the root as working directory", "ERR_SANDBOX_CWD", () => errorOf("/bin/true", [], { cwd: "/" })],
    ["a NUL in an argument", "ERR_SANDBOX_OPTION", () => errorOf("/bin/true", ["a\0b"])],
    ["a policy that means nothing", "ERR_SANDBOX_POLICY", () => errorOf("/bin/true", [], { policy: { limits: { wall: "soon" } } })],
    ["a grant on what is not there", "ERR_SANDBOX_POLICY", () => errorOf("/bin/true", [], { policy: { filesystem: { read: ["/nowhere/at/all"] } } })],
    ["limits that mean nothing", "ERR_SANDBOX_POLICY", () => errorOf("/bin/true", [], { limits: { memory: "much" } })],
    ["no such policy file", "ERR_SANDBOX_POLICY", () => errorOf("/bin/true", [], { policy: "absent.toml" })],
  ])("%s", async (_what, code, attempt) => {
    const error = await attempt();
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({ code });
  });

  test("a policy file names file, line and field", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "policy.toml"), "[limits]\n\nmemory = 'lots'\n");
    const error = await errorOf("/bin/true", [], { cwd, policy: "policy.toml" });
    expect(error).toBeInstanceOf(PolicyError);
    expect(error).toMatchObject({ file: expect.stringMatching(/policy\.toml$/) as string, line: 3, field: "limits.memory" });
  });

  test("a helper that is not built", async () => {
    vi.stubEnv("DUNE_JAIL", "/nowhere/dune-jail");
    expect(await errorOf("/bin/true")).toMatchObject({ code: "ERR_SANDBOX_START", fix: expect.stringContaining("make") as string });
  });

  test("a helper that says nothing", async () => {
    const helper = join(temporaryDirectory(), "helper");
    // It takes the plan, so that nothing breaks but its silence.
    writeFileSync(helper, "#!/bin/sh\n/usr/bin/head -c 12 <&3 > /dev/null; exec /usr/bin/timeout 0.2 /bin/cat <&3 > /dev/null\n", { mode: 0o755 });
    vi.stubEnv("DUNE_JAIL", helper);
    expect(await errorOf("/bin/true")).toMatchObject({ code: "ERR_SANDBOX_START" });
  });

  test("a helper of another version", async () => {
    const helper = join(temporaryDirectory(), "helper");
    writeFileSync(helper, String.raw`#!/bin/sh
printf '\143\0\0\0\0\0\0\0' >&3
`, { mode: 0o755 });
    vi.stubEnv("DUNE_JAIL", helper);
    expect(await errorOf("/bin/true")).toBeInstanceOf(Error);
  });

  test("more arguments than the jail has room for", async () => {
    expect(await errorOf("/bin/true", Array.from({ length: 40_000 }, () => "x"))).toMatchObject({ code: "ERR_SANDBOX_OPTION" });
  });

  test("a port to listen on that is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const error = await errorOf("/bin/true", [], { policy: { network: { listen: [port] } } });
    server.close();
    expect(error).toMatchObject({ code: "ERR_SANDBOX_START", message: expect.stringContaining(String(port)) as string });
  });
});

describe("on another platform", () => {
  const { platform } = process;
  afterEach(() => { Object.defineProperty(process, "platform", { value: platform }); });

  test("starting anything says so, with what the host check found", async () => {
    Object.defineProperty(process, "platform", { value: "darwin" });
    const error = await errorOf("/bin/true");
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ code: "ERR_SANDBOX_UNSUPPORTED", fix: "npx @dune/req", report: expect.any(Object) as object });
  });
});

test("a program that is gone between check and start is an error, not an exit code", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "program"), "#!/bin/sh\n", { mode: 0o755 });
  const starting = Sandbox.spawn("./program", [], { cwd, policy: { network: { allow: ["localhost:9"] } } });
  await Promise.resolve();
  await Promise.resolve();
  rmSync(join(cwd, "program"));
  await expect(starting).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SANDBOX_/) as string });
});
