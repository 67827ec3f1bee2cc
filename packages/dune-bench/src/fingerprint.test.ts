import { describe, expect, it } from "vitest";
import { fingerprint, fingerprintDifferences } from "./fingerprint.js";
import type { FingerprintSource } from "./fingerprint.js";

function recorded(files: Readonly<Record<string, string>>): FingerprintSource {
  return {
    read: (path) => files[path],
    list: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
  };
}

const laptop = recorded({
  "/proc/cpuinfo": "processor\t: 0\nmodel name\t: A CPU: fast\nmicrocode\t: 0x42\nflags\t\t: fpu vmx\n\nprocessor\t: 1\nmicrocode\t: 0x41\n",
  "/sys/devices/system/cpu/smt/active": "1",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave",
  "/sys/devices/system/cpu/intel_pstate/no_turbo": "0",
  "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
  "/sys/class/dmi/id/sys_vendor": "Maker",
  "/sys/class/dmi/id/product_name": "Model 1",
  "/sys/devices/system/cpu/vulnerabilities/meltdown": "Mitigation: PTI",
});

describe("fingerprint", () => {
  it("reads what Linux tells about the machine", () => {
    expect(fingerprint(laptop)).toMatchObject({
      cpu: "A CPU: fast",
      microcode: "0x42",
      smt: true,
      governor: "powersave",
      boost: true,
      hugePages: "madvise",
      virtual: false,
      machine: "Maker Model 1",
      mitigations: { meltdown: "Mitigation: PTI" },
    });
  });

  it("says null where the host does not tell", () => {
    expect(fingerprint(recorded({}))).toMatchObject({
      microcode: null, smt: null, governor: null, boost: null, hugePages: null, virtual: null, machine: null, mitigations: {},
    });
  });

  it("knows a virtual CPU, and the generic driver's boost switch", () => {
    expect(fingerprint(recorded({
      "/proc/cpuinfo": "flags : fpu hypervisor",
      "/sys/devices/system/cpu/cpufreq/boost": "0",
    }))).toMatchObject({ virtual: true, boost: false });
  });

  it("survives JSON and is the same when taken again", () => {
    const here = fingerprint();
    expect(JSON.parse(JSON.stringify(here))).toEqual(here);
    expect(fingerprintDifferences(here, fingerprint())).toEqual([]);
  });
});

describe("fingerprintDifferences", () => {
  it("names every field that differs", () => {
    const a = fingerprint(laptop);
    const b = { ...a, microcode: "0x43", mitigations: { meltdown: "Vulnerable" } };
    expect(fingerprintDifferences(a, b)).toEqual(["microcode", "mitigations"]);
  });
});
