import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkHost } from "./check-host.js";
import { liveProbe, nativeProbePath } from "./live.js";
import { parseNative } from "./native.js";

const onLinux = process.platform === "linux";
const built = onLinux && process.arch === "x64" && existsSync(nativeProbePath());

describe("this machine", () => {
  it("answers with errno names instead of throwing", () => {
    const probe = liveProbe();
    expect(probe.read("/nowhere/at/all")).toEqual({ error: "ENOENT" });
    expect(probe.stat("/nowhere/at/all")).toEqual({ error: "ENOENT" });
    expect(probe.list("/nowhere/at/all")).toEqual({ error: "ENOENT" });
    expect(probe.find("no-such-program-anywhere")).toBeNull();
  });

  it.skipIf(!onLinux)("reads files of /proc to their end", () => {
    const got = liveProbe().read("/proc/self/status");
    expect("value" in got && got.value).toMatch(/^Name:[^]*\nSeccomp:/);
  });

  it("gets a report without the native probe: a failed check, no crash", async () => {
    const report = await checkHost({ probe: liveProbe({ nativePath: "/nowhere/dune-probe" }) });
    expect(report.exitCode).toBe(2);
    if (onLinux && process.arch === "x64") expect(report.fix?.check).toBe("host.probe");
  });

  it.skipIf(!built)("runs every part of the native probe to its end (needs: make -C native)", async () => {
    const probe = liveProbe();
    for (const command of ["cpu", "process", "kvm"] as const) {
      expect(parseNative(await probe.native(command)).trouble).toBeNull();
    }
  });

  it.skipIf(!built)("is judged by what the native probe saw (needs: make -C native)", async () => {
    const report = await checkHost();
    const byId = new Map(report.checks.map((check) => [check.id, check]));
    expect(byId.get("host.probe")?.status).toBe("ok");
    // An engine is usable only if its proof is there.
    if (report.engines.kvm.verdict !== "unusable") expect(report.guest?.instructionNs).toBeLessThanOrEqual(50);
    if (report.engines.process.verdict !== "unusable") expect(byId.get("process.landlock")?.status).not.toBe("fail");
  });
});
