import { describe, expect, it } from "vitest";
import { checkHost } from "./check-host.js";
import * as bareMetal from "./fixtures/bare-metal.js";
import * as confined from "./fixtures/confined.js";
import * as elsewhere from "./fixtures/elsewhere.js";
import * as virtual from "./fixtures/virtual.js";
import type { HostRecord } from "./host.js";
import { recordedProbe } from "./record.js";
import type { CheckResult, HostReport, Verdict } from "./report.js";

interface Expected {
  readonly kvm: Verdict;
  readonly process: Verdict;
  readonly exitCode: 0 | 1 | 2;
  /** The check that the first fix belongs to. */
  readonly fix: string | null;
  /** A check, its status, and words that its finding or its fix must contain. */
  readonly says: readonly (readonly [string, CheckResult["status"], ...string[]])[];
}

const HOSTS: readonly (readonly [string, HostRecord, Expected])[] = [
  ["Intel on bare metal", bareMetal.intelBareMetal, {
    kvm: "usable", process: "usable", exitCode: 0, fix: null,
    says: [["kvm.guest", "ok", "verified"], ["cpu.paging", "ok", "EPT", "1 GiB"], ["host.hypervisor", "ok", "bare metal"], ["dune.headers", "ok"], ["dune.compiler", "ok", "gcc 13"], ["cgroup.delegation", "ok", "memory and pids"]],
  }],
  ["AMD, nested", virtual.amdNested, {
    kvm: "usable", process: "usable", exitCode: 0, fix: null,
    says: [["host.hypervisor", "ok", "virtual, on KVM"], ["cpu.paging", "ok", "NPT"], ["cpu.extras", "ok", "virtual GIF"], ["kvm.module", "ok", "kvm_amd"]],
  }],
  ["AMD in a machine without nested virtualization", virtual.amdNotNested, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.device",
    says: [["cpu.virtualization", "fail", "hypervisor", "nested virtualization"], ["kvm.device", "fail", "there is none", "nested virtualization"], ["kvm.module", "skip"], ["kvm.guest", "skip"]],
  }],
  ["a KVM that interprets", virtual.interpreting, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.speed",
    says: [["kvm.speed", "fail", "577 ns", "interprets"], ["kvm.guest", "fail", "ring 0"], ["kvm.module", "warn", "kvm_pvm"], ["kvm.access", "ok"], ["kvm.xsave", "warn"]],
  }],
  ["a KVM that interprets, and is root's alone", virtual.interpretingForRoot, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.access",
    says: [["kvm.access", "fail", "EACCES", "no hardware behind it", "nested virtualization"]],
  }],
  ["Ubuntu 24.04 with AppArmor's restriction", confined.ubuntu2404, {
    kvm: "usable", process: "degraded", exitCode: 0, fix: null,
    says: [["process.user", "warn", "AppArmor", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"], ["process.mount", "warn", "user namespace"], ["process.landlock", "ok", "ABI 4"]],
  }],
  ["a kernel with unprivileged_userns_clone=0", confined.debianSwitch, {
    kvm: "usable", process: "degraded", exitCode: 0, fix: null,
    says: [["process.user", "warn", "kernel.unprivileged_userns_clone=0", "sysctl -w kernel.unprivileged_userns_clone=1"]],
  }],
  ["a kernel with max_user_namespaces=0", confined.noUserNamespaces, {
    kvm: "usable", process: "degraded", exitCode: 0, fix: null,
    says: [["process.user", "warn", "user.max_user_namespaces=0"]],
  }],
  ["Docker without CAP_SYS_ADMIN", confined.docker, {
    kvm: "unusable", process: "degraded", exitCode: 1, fix: "kvm.device",
    says: [["host.container", "ok", "Docker"], ["kvm.device", "fail", "--device /dev/kvm"], ["process.user", "warn", "Docker's seccomp filter", "--security-opt"], ["cgroup.delegation", "warn", "may not be written"]],
  }],
  ["Docker before it knew Landlock", confined.oldDocker, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "process.landlock",
    says: [["process.landlock", "fail", "container's seccomp filter", "Docker 23"]],
  }],
  ["Docker with /dev bound in", confined.dockerDeviceFilter, {
    kvm: "unusable", process: "degraded", exitCode: 1, fix: "kvm.access",
    says: [["kvm.device", "ok"], ["kvm.access", "fail", "the container may not open it", "--device /dev/kvm"]],
  }],
  ["WSL2", virtual.wsl2, {
    kvm: "degraded", process: "usable", exitCode: 1, fix: null,
    says: [["host.wsl", "ok", "WSL2"], ["host.hypervisor", "ok", "Hyper-V"], ["kvm.exit", "warn", "28.0 µs"], ["process.landlock", "ok", "ABI 3", "without TCP"]],
  }],
  ["a kernel started without Landlock", confined.landlockOff, {
    kvm: "usable", process: "unusable", exitCode: 0, fix: null,
    says: [["process.landlock", "fail", "switched off at boot", "lsm="]],
  }],
  ["Debian 12 in an initial ramdisk", confined.initialRamdisk, {
    kvm: "usable", process: "degraded", exitCode: 0, fix: null,
    says: [["process.root", "fail", "initial ramdisk"], ["process.landlock", "warn", "ABI 2", "truncation"]],
  }],
  ["WSL1", virtual.wsl1, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "host.kernel",
    says: [["host.wsl", "fail", "WSL1", "wsl.exe --set-version Ubuntu 2"]],
  }],
  ["macOS", elsewhere.macos, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "host.platform",
    says: [["host.platform", "fail", "macOS"], ["host.arch", "fail", "arm64"], ["kvm.device", "skip"], ["host.probe", "skip"]],
  }],
  ["Windows", elsewhere.windows, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "host.platform",
    says: [["host.platform", "fail", "Windows", "WSL2"], ["host.arch", "ok"]],
  }],
  ["Linux on arm64", elsewhere.arm64, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "host.arch",
    says: [["host.platform", "ok"], ["host.arch", "fail", "arm64"], ["process.landlock", "skip"]],
  }],
  ["Linux 5.4 without Landlock", confined.oldKernel, {
    kvm: "usable", process: "unusable", exitCode: 0, fix: null,
    says: [["host.kernel", "fail", "older than 5.13"], ["process.landlock", "fail", "5.4.0-190-generic has none"], ["process.overlay", "warn"]],
  }],
  ["a filter that kills on Landlock", confined.killedBySeccomp, {
    kvm: "usable", process: "unusable", exitCode: 0, fix: null,
    says: [["process.landlock", "fail", "signal 31"], ["process.seccomp", "ok"], ["host.confinement", "ok", "a seccomp filter is on", "no_new_privs"]],
  }],
  ["a user who joined the group after logging in", bareMetal.groupNotInSession, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.access",
    says: [["kvm.access", "fail", "this session began before that", "newgrp kvm"], ["kvm.machine", "skip"]],
  }],
  ["a user outside the group", bareMetal.notInGroup, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.access",
    says: [["kvm.access", "fail", "not in the group kvm", "sudo usermod -aG kvm ann"]],
  }],
  ["a node that only root may open", bareMetal.nodeOfRoot, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.access",
    says: [["kvm.access", "fail", "mode 600", "99-kvm.rules"]],
  }],
  ["VirtualBox holding the processor", bareMetal.heldByVirtualBox, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.machine",
    says: [["kvm.machine", "fail", "VirtualBox", "EBUSY", "modprobe -r vboxdrv"], ["kvm.guest", "skip"]],
  }],
  ["VT-x locked off by the firmware", bareMetal.firmwareLock, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.device",
    says: [["kvm.device", "fail", "there is none", "firmware"], ["cpu.firmware", "fail", "locked off"], ["cpu.virtualization", "fail", "firmware"]],
  }],
  ["KVM whose module is not loaded", bareMetal.moduleNotLoaded, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: "kvm.device",
    says: [["kvm.device", "fail", "there is none", "sudo modprobe kvm_intel"], ["kvm.module", "warn", "kvm_intel is not loaded"]],
  }],
  ["guests without 1 GiB pages", bareMetal.noGigabytePages, {
    kvm: "degraded", process: "usable", exitCode: 1, fix: null,
    says: [["kvm.pages", "warn", "2 MiB only"]],
  }],
  ["a guest that hangs", bareMetal.guestHangs, {
    kvm: "unusable", process: "usable", exitCode: 1, fix: null,
    says: [["kvm.guest", "fail", "ran out of time", "answer"], ["kvm.speed", "ok"]],
  }],
  ["Secure Boot", bareMetal.secureBoot, {
    kvm: "usable", process: "usable", exitCode: 0, fix: null,
    says: [["dune.signing", "warn", "lockdown is integrity", "Secure Boot is on", "mokutil"]],
  }],
  ["a checkout without the native probe", bareMetal.probeNotBuilt, {
    kvm: "unusable", process: "unusable", exitCode: 2, fix: "host.probe",
    says: [["host.probe", "fail", "not built", "build:native"], ["kvm.guest", "skip"], ["process.landlock", "skip"]],
  }],
];

const look = (record: HostRecord): Promise<HostReport> => checkHost({ probe: recordedProbe(record) });

function find(report: HostReport, id: string): CheckResult {
  const check = report.checks.find((candidate) => candidate.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
}

describe.each(HOSTS)("%s", (_name, record, expected) => {
  it("gets the verdict and the exit code", async () => {
    const report = await look(record);
    const { dune, kvm, process } = report.engines;
    expect({ dune: dune.verdict, kvm: kvm.verdict, process: process.verdict, exitCode: report.exitCode })
      .toEqual({ dune: "unusable", kvm: expected.kvm, process: expected.process, exitCode: expected.exitCode });
  });

  it("names the first thing to fix", async () => {
    expect((await look(record)).fix?.check ?? null).toBe(expected.fix);
  });

  it.each(expected.says)("%s is %s", async (id, status, ...words) => {
    const check = find(await look(record), id);
    const text = `${check.seen}\n${check.fix?.text ?? ""}\n${check.fix?.command ?? ""}`;
    expect(check.status).toBe(status);
    for (const word of words) expect(text).toContain(word);
  });

  it("gives reasons that are checks, for every engine that is not usable", async () => {
    const report = await look(record);
    for (const verdict of Object.values(report.engines)) {
      expect(verdict.reasons.length > 0).toBe(verdict.verdict !== "usable");
      for (const id of verdict.reasons) expect(find(report, id).engines[verdict.engine]).toBeDefined();
    }
  });
});
