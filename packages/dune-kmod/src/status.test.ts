import { recordedProbe } from "@dune/req";
import type { FileStat, HostRecord } from "@dune/req";
import { describe, expect, it } from "vitest";
import { formatStatus } from "./report.js";
import { moduleStatus } from "./status.js";

const folder: FileStat = { kind: "directory", mode: 0o755, uid: 0, gid: 0, writable: false };
const file: FileStat = { ...folder, kind: "file", mode: 0o444 };
const node: FileStat = { kind: "character", mode: 0o660, uid: 0, gid: 107, writable: true };

function host(parts: Partial<HostRecord>): ReturnType<typeof recordedProbe> {
  return recordedProbe({
    format: 1,
    identity: {
      platform: "linux", arch: "x64", release: "6.1.0-test", node: "20.0.0", libc: "glibc", uid: 1000, user: "someone", groups: [1000],
    },
    env: {}, files: {}, stats: {}, directories: {}, programs: {}, native: {},
    ...parts,
  });
}

const loaded = host({
  files: {
    "/sys/module/dune/initstate": "live\n",
    "/sys/module/dune/version": "0.2.0\n",
    "/proc/sys/kernel/modules_disabled": "0\n",
    "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    "/sys/module/module/parameters/sig_enforce": "N\n",
    // Bits 12 (O) and 13 (E).
    "/proc/sys/kernel/tainted": "12288\n",
  },
  stats: {
    "/sys/module/dune": folder,
    "/sys/module/kvm": folder,
    "/sys/module/kvm_intel": folder,
    "/proc/modules": file,
    "/lib/modules/6.1.0-test/build/Makefile": file,
    "/dev/dune": node,
  },
});

describe("moduleStatus", () => {
  it("reports a loaded module and the kernel round it", () => {
    expect(moduleStatus(loaded)).toEqual({
      format: 1,
      module: { loaded: true, state: "live", version: "0.2.0" },
      device: { path: "/dev/dune", access: "usable", mode: "660" },
      kernel: {
        release: "6.1.0-test",
        headers: "/lib/modules/6.1.0-test/build",
        loading: true,
        lockdown: "integrity",
        signatures: false,
        taints: [
          { letter: "O", reason: "module from outside the kernel's tree loaded" },
          { letter: "E", reason: "unsigned module loaded" },
        ],
      },
      kvm: ["kvm", "kvm_intel"],
    });
  });

  it("says null where the kernel does not tell", () => {
    expect(moduleStatus(host({}))).toMatchObject({
      module: { loaded: false, state: null, version: null },
      device: { access: "missing", mode: null },
      kernel: { headers: null, loading: false, lockdown: null, signatures: null, taints: null },
      kvm: [],
    });
  });

  it("tells a device without permission from one that is missing, and from a plain file", () => {
    const access = (stat: FileStat | { error: string }) => moduleStatus(host({ stats: { "/dev/dune": stat } })).device.access;
    expect(access({ ...node, writable: false })).toBe("denied");
    expect(access({ error: "EACCES" })).toBe("denied");
    expect(access(file)).toBe("missing");
  });

  it("sees that loading was switched off until the next boot", () => {
    const off = host({ files: { "/proc/sys/kernel/modules_disabled": "1\n" }, stats: { "/proc/modules": file } });
    expect(moduleStatus(off).kernel.loading).toBe(false);
  });

  it("throws a typed error on another system", () => {
    const { identity } = host({});
    const mac = host({ identity: { ...identity, platform: "darwin" } });
    expect(() => moduleStatus(mac)).toThrow(expect.objectContaining({ name: "KmodError", code: "ERR_KMOD_UNSUPPORTED" }) as Error);
  });

  it("reports on this machine, as data", ({ skip }) => {
    if (process.platform !== "linux") skip("only on Linux");
    const status = moduleStatus();
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });
});

describe("formatStatus", () => {
  it("says that a signature is required under lockdown, even where it is not enforced otherwise", () => {
    expect(formatStatus(moduleStatus(loaded))).toMatch(/^signatures +required$/m);
  });

  it("names what is missing", () => {
    const text = formatStatus(moduleStatus(host({})));
    expect(text).toMatch(/^dune\.ko +not loaded$/m);
    expect(text).toMatch(/^device +\/dev\/dune is missing$/m);
    expect(text).toMatch(/^headers +not installed for this kernel$/m);
  });
});
