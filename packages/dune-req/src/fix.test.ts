import { describe, expect, it } from "vitest";
import { checkHost } from "./check-host.js";
import { repairsOf, runRepairs, type RepairIo } from "./fix.js";
import { intelBareMetal, notInGroup } from "./fixtures/bare-metal.js";
import { docker, ubuntu2404 } from "./fixtures/confined.js";
import type { HostRecord } from "./host.js";
import { recordedProbe } from "./record.js";

const look = (record: HostRecord) => checkHost({ probe: recordedProbe(record) });

/** A person who answers `answer` to everything, on a host that becomes `after` once a command has run. */
function person(answer: boolean | null, after: HostRecord, status = 0) {
  const ran: string[] = [];
  const asked: string[] = [];
  const said: string[] = [];
  const io: RepairIo = {
    say: (text) => { said.push(text); },
    ask: ({ fix }) => {
      asked.push(fix.command);
      return Promise.resolve(answer);
    },
    run: (command) => {
      ran.push(command);
      return Promise.resolve(status);
    },
    recheck: () => look(after),
  };
  return { io, ran, asked, said };
}

const LIFT = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";

describe("--fix", () => {
  it("runs what was agreed to, and looks again", async () => {
    const { io, ran, said } = person(true, intelBareMetal);
    const after = await runRepairs(await look(ubuntu2404), io);
    expect(ran).toEqual([LIFT]);
    expect(after.engines.process.verdict).toBe("usable");
    expect(said.join("\n")).toContain("created");
  });

  it("runs nothing that was declined", async () => {
    const { io, ran, asked } = person(false, intelBareMetal);
    const before = await look(ubuntu2404);
    expect(await runRepairs(before, io)).toBe(before);
    expect(asked).toEqual([LIFT]);
    expect(ran).toEqual([]);
  });

  it("stops asking when the person stops", async () => {
    const both = { ...ubuntu2404, identity: notInGroup.identity, stats: notInGroup.stats, native: { ...ubuntu2404.native, ...notInGroup.native, process: ubuntu2404.native.process } } as HostRecord;
    expect(repairsOf(await look(both)).length).toBeGreaterThan(1);
    const { io, asked } = person(null, intelBareMetal);
    await runRepairs(await look(both), io);
    expect(asked).toHaveLength(1);
  });

  it("says when a command did not help, and when it cannot help yet", async () => {
    const stubborn = person(true, ubuntu2404, 1);
    await runRepairs(await look(ubuntu2404), stubborn.io);
    expect(stubborn.said.join("\n")).toContain("status 1");

    const later = person(true, notInGroup);
    await runRepairs(await look(notInGroup), later.io);
    expect(later.said.join("\n")).toContain("next login");
  });

  it("offers only what bears on the engine that was asked for", async () => {
    expect(repairsOf(await look(ubuntu2404), "kvm")).toEqual([]);
    expect(repairsOf(await look(ubuntu2404), "process").map(({ fix }) => fix.command)).toEqual([LIFT]);
  });

  it("says so where no command could fix anything", async () => {
    const { io, said, asked } = person(true, docker);
    await runRepairs(await look(docker), io);
    expect(asked).toEqual([]);
    expect(said).toHaveLength(1);
  });
});
