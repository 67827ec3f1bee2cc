import { describe, expect, it } from "vitest";
import { checkHost, recordHost } from "./check-host.js";
import { DuneReqError } from "./errors.js";
import { intelBareMetal } from "./fixtures/bare-metal.js";
import { docker } from "./fixtures/confined.js";
import { amdNested } from "./fixtures/virtual.js";
import type { HostRecord } from "./host.js";
import { recordedProbe } from "./record.js";

describe("a recorded host", () => {
  it.each([["Intel", intelBareMetal], ["AMD", amdNested], ["Docker", docker]])("gives the same report when it is replayed: %s", async (_name, host) => {
    const original = await checkHost({ probe: recordedProbe(host) });
    const record = await recordHost(recordedProbe(host));
    const replayed = await checkHost({ probe: recordedProbe(JSON.parse(JSON.stringify(record)) as HostRecord) });
    expect(replayed).toEqual(original);
  });

  it("holds only what checks asked for", async () => {
    const chatty: HostRecord = { ...intelBareMetal, env: { HOME: "/home/ann", AWS_SECRET_ACCESS_KEY: "secret" }, files: { ...intelBareMetal.files, "/etc/shadow": "root:x" } };
    const text = JSON.stringify(await recordHost(recordedProbe(chatty)));
    expect(text).not.toContain("secret");
    expect(text).not.toContain("/etc/shadow");
  });

  it("is asked each question once, so that all checks see the same host", async () => {
    const asked: string[] = [];
    const probe = recordedProbe(intelBareMetal);
    const counting = { ...probe, read: (path: string) => { asked.push(path); return probe.read(path); } };
    await checkHost({ probe: counting });
    expect(asked).toContain("/proc/cpuinfo");
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("of another format is refused", () => {
    const future = { ...intelBareMetal, format: 2 } as unknown as HostRecord;
    expect(() => recordedProbe(future)).toThrow(DuneReqError);
    expect(() => recordedProbe(future)).toThrow(/format 2/);
  });
});
