import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StepError } from "./step.mjs";
import { ensureSystemPackages } from "./system-packages.mjs";

describe("ensureSystemPackages", () => {
  let folder;
  let errors;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dune-setup-"));
    program("present");
    vi.stubEnv("PATH", folder);
    errors = [];
    vi.spyOn(console, "error").mockImplementation((line) => void errors.push(line));
    vi.spyOn(console, "log").mockReturnValue();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const program = (name, script = "") => writeFileSync(join(folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
  const log = () => readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  const there = [{ package: "one", command: "present", why: "to be found" }, { package: "two", file: "/", why: "it always exists" }];
  const absent = [{ package: "three-dev", command: "absent", why: "to be missed" }, { package: "four", file: "/nowhere/at/all.h", why: "a header" }];

  it("does nothing where everything is there, however it came there", async () => {
    await ensureSystemPackages(there, false);
    expect(errors).toEqual([]);
  });

  it("installs what is missing, and only that, as root on Debian", async () => {
    program("apt-get", `echo "$@" >> "${folder}/log"`);
    await ensureSystemPackages([...there, ...absent], true);
    expect(log().at(-1)).toBe("install -y --no-install-recommends three-dev four");
  });

  it("fetches the lists anew where they are too old to install from", async () => {
    program("apt-get", `echo "$1" >> "${folder}/log"; if [ "$1" = update ]; then : > "${folder}/new"; else [ -e "${folder}/new" ]; fi`);
    await ensureSystemPackages(absent, true);
    expect(log().slice(-2)).toEqual(["update", "install"]);
  });

  it("fails where apt cannot install", async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    program("apt-get", "exit 100");
    await expect(ensureSystemPackages(absent, true)).rejects.toThrow(StepError);
  });

  it("gives the one command to anybody else on Debian", async () => {
    program("apt-get", "exit 100");
    await expect(ensureSystemPackages(absent, false)).rejects.toThrow(StepError);
    expect(errors).toEqual([expect.stringMatching(/Run: sudo apt-get install -y three-dev four$/)]);
  });

  it("names the tools, and what for, on another distribution", async () => {
    await expect(ensureSystemPackages(absent, true)).rejects.toThrow(StepError);
    expect(errors).toEqual([expect.stringContaining("absent (to be missed), /nowhere/at/all.h (a header)")]);
  });
});
