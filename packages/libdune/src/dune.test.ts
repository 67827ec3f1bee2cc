import { beforeAll, describe, expect, it } from "vitest";
import { Dune } from "./dune.js";
import { DuneError } from "./errors.js";
import { DuneUnsupportedError } from "./unsupported.js";

describe("Dune.open", () => {
  let error: unknown;
  beforeAll(async () => {
    error = await Dune.open().catch((reason: unknown) => reason);
  });

  it("rejects with the code for a host that cannot do it", () => {
    expect(error).toBeInstanceOf(DuneUnsupportedError);
    expect(error).toBeInstanceOf(DuneError);
    expect(error).toMatchObject({ name: "DuneUnsupportedError", code: "ERR_DUNE_UNSUPPORTED" });
  });

  it("says that the version is the reason, whatever the host offers", () => {
    const { message, fix } = error as DuneUnsupportedError;
    expect(message).toContain("has no engine yet");
    expect(fix).toBeUndefined();
  });

  it("carries the report on this host", () => {
    const { report } = error as DuneUnsupportedError;
    expect(report.host).toMatchObject({ platform: process.platform, arch: process.arch });
    expect(Object.keys(report.engines).sort()).toEqual(["dune", "kvm", "process"]);
  });

  it("reports on the engine that was asked for", async () => {
    await expect(Dune.open({ engine: "dune" })).rejects.toMatchObject({
      code: "ERR_DUNE_UNSUPPORTED",
      report: { engine: null },
    });
  });
});
