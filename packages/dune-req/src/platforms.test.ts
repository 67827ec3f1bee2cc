import { afterEach, describe, expect, it, vi } from "vitest";

const real = { platform: process.platform, arch: process.arch };

function pretend(platform: string, arch: string): void {
  Object.defineProperty(process, "platform", { value: platform });
  Object.defineProperty(process, "arch", { value: arch });
  vi.resetModules();
}

afterEach(() => { pretend(real.platform, real.arch); });

describe.each([["darwin", "arm64"], ["win32", "x64"], ["linux", "arm64"], ["freebsd", "x64"]])("on %s %s", (platform, arch) => {
  it("the package can be imported, runs, and says what is not supported", async () => {
    pretend(platform, arch);
    const { checkHost } = await import("./index.js");
    const report = await checkHost();
    expect(report.exitCode).toBe(2);
    expect(report.engine).toBeNull();
    expect(report.fix?.check).toBe(platform === "linux" ? "host.arch" : "host.platform");
  });
});
