import colors from "picocolors";
import { describe, expect, it } from "vitest";
import { version } from "../package.json";
import { runCommand, type CommandIo } from "./command.js";
import { intelBareMetal, noGigabytePages } from "./fixtures/bare-metal.js";
import { docker, oldDocker, oldKernel } from "./fixtures/confined.js";
import { macos } from "./fixtures/elsewhere.js";
import { interpreting } from "./fixtures/virtual.js";
import type { HostProbe, HostRecord } from "./host.js";
import { recordedProbe } from "./record.js";
import type { HostReport } from "./report.js";

async function run(argv: readonly string[], host: HostRecord | HostProbe) {
  let out = "";
  let err = "";
  const io: CommandIo = {
    stdin: {},
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    colors: colors.createColors(false),
    probe: "format" in host ? recordedProbe(host) : host,
  };
  return { status: await runCommand(argv, io), out, err };
}

const BROKEN: HostProbe = {
  ...recordedProbe(intelBareMetal),
  read: () => {
    throw new Error("the probe itself is broken");
  },
};

describe("dune-req", () => {
  it.each([
    ["a VM engine is usable", [], intelBareMetal, 0],
    ["a VM engine has limits", [], noGigabytePages, 1],
    ["only the process engine works", [], interpreting, 1],
    ["only the process engine works, with limits", [], docker, 1],
    ["nothing works", [], oldDocker, 2],
    ["nothing works on macOS", [], macos, 2],
    ["the asked engine is usable", ["--engine", "process"], interpreting, 0],
    ["the asked engine has limits", ["--engine", "process"], docker, 1],
    ["the asked engine does not work", ["--engine", "kvm"], docker, 2],
    ["the asked engine does not work and another does", ["--engine", "process"], oldKernel, 2],
    ["the check itself breaks", [], BROKEN, 3],
    ["the command line is wrong", ["--bogus"], intelBareMetal, 64],
    ["there is nobody to ask", ["--fix"], intelBareMetal, 64],
    ["no check has that id", ["--explain", "kvm.sped"], intelBareMetal, 64],
    ["a check is explained", ["--explain", "kvm.speed"], docker, 0],
    ["help is asked for", ["--help"], intelBareMetal, 0],
  ])("exits with the documented status where %s", async (_name, argv, host, status) => {
    expect((await run(argv, host)).status).toBe(status);
  });

  it("prints one verdict per engine and one fix", async () => {
    const { out } = await run([], interpreting);
    expect(out.match(/^ {2}. (dune|kvm|process) +(usable|degraded|unusable)/gm)).toHaveLength(3);
    expect(out.match(/^First fix/gm)).toHaveLength(1);
  });

  it("shows skipped checks, ids and reasons only with --verbose", async () => {
    const short = await run([], docker);
    const long = await run(["--verbose"], docker);
    expect(short.out).not.toContain("not reached\n");
    expect(short.out).not.toContain("kvm.guest");
    expect(long.out).toContain("not reached\n");
    expect(long.out).toContain("kvm.guest: ");
  });

  it("keeps errors off standard output, and names the command that helps", async () => {
    const { out, err } = await run(["--explain", "kvm.sped"], intelBareMetal);
    expect(out).toBe("");
    expect(err).toContain("kvm.sped");
    expect(err).toContain("kvm.speed");
  });

  it("explains a check: what it saw, why it matters, who needs it, how to fix it", async () => {
    const { out } = await run(["--explain", "kvm.device"], docker);
    for (const words of ["not passed into Docker", "created through this device", "needed by kvm", "--device /dev/kvm"]) expect(out).toContain(words);
  });

  it("prints the report as JSON, and what it read only when asked", async () => {
    const plain = JSON.parse((await run(["--json"], docker)).out) as HostReport;
    const full = JSON.parse((await run(["--json", "--verbose"], docker)).out) as HostReport;
    expect(plain.exitCode).toBe(1);
    expect(plain.record).toBeUndefined();
    expect(full.record?.identity.user).toBe("root");
  });

  it("knows its version", async () => {
    expect((await run(["--version"], intelBareMetal)).out).toBe(`${version}\n`);
  });

  it("lets nothing from the host move the cursor", async () => {
    const evil = { ...intelBareMetal, identity: { ...intelBareMetal.identity, release: "6.8\u001b[2J\u009b1A\n" } };
    const { out } = await run(["--verbose"], evil);
    // eslint-disable-next-line no-control-regex -- looking for control characters
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
