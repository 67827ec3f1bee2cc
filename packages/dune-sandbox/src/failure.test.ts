import { afterEach, describe, expect, test } from "vitest";
import { LayerError, SandboxError, UnsupportedError } from "./errors.js";
import { execError, isExecFailure, layersWithout, requirePlatform, startError } from "./failure.js";
import type { StartFailure } from "./failure.js";
import { ALL_LAYERS, NAMESPACES } from "./jail.js";
import type { Layer } from "./plan.js";

const failure = (layer: Layer | undefined, errno: number, step: string): StartFailure => ({ type: "failed", layer, errno, step });

describe("what to go on without", () => {
  test.each(["user", "mount", "pid"] as const)("without the %s namespace none of them stands", (layer) => {
    expect(layersWithout(layer, ALL_LAYERS)).toEqual(["landlock", "seccomp", "supervisor"]);
  });

  test.each(["net", "ipc", "uts", "cgroup", "landlock", "supervisor"] as const)("%s alone may be missing", (layer) => {
    expect(layersWithout(layer, ALL_LAYERS)).toEqual(ALL_LAYERS.filter((other) => other !== layer));
  });

  test("the supervisor hangs on the filter", () => {
    expect(layersWithout("seccomp", ALL_LAYERS)).toEqual(ALL_LAYERS.filter((layer) => layer !== "seccomp" && layer !== "supervisor"));
  });

  test("where neither mounts nor Landlock would be left, nothing runs", () => {
    const withoutLandlock = layersWithout("landlock", ALL_LAYERS);
    expect(() => layersWithout("user", withoutLandlock)).toThrow(UnsupportedError);
    const withoutNamespaces = ALL_LAYERS.filter((layer) => !NAMESPACES.includes(layer));
    expect(() => layersWithout("landlock", withoutNamespaces)).toThrow(UnsupportedError);
  });

  test("going without one after the other comes to an end, and never to more than before", () => {
    for (const first of ALL_LAYERS) {
      for (let layers = ALL_LAYERS, failed: Layer | undefined = first; failed !== undefined; [failed] = layers) {
        let left: readonly Layer[] = [];
        try {
          left = layersWithout(failed, layers);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsupportedError);
        }
        expect(left.length).toBeLessThan(layers.length);
        expect(layers).toEqual(expect.arrayContaining([...left]));
        layers = left;
      }
    }
  });
});

describe("the error for a jail that could not be built", () => {
  test("names the layer, the step and the errno, and how to do without", async () => {
    const error = await startError(failure("landlock", 95, "landlock_restrict_self"));
    expect(error).toBeInstanceOf(LayerError);
    expect(error).toMatchObject({ code: "ERR_SANDBOX_LAYER", layer: "landlock", errno: 95 });
    expect(error.message).toMatch(/^Landlock could not be set up \(landlock_restrict_self: EOPNOTSUPP\)/);
    expect(error.message).toContain("--best-effort");
    expect(error.fix).toMatch(/\S/);
  });

  test("is not about a layer where none failed", async () => {
    const error = await startError(failure(undefined, 2, "open /proc"));
    expect(error).not.toBeInstanceOf(LayerError);
    expect(error).toMatchObject({ code: "ERR_SANDBOX_START", message: "The sandbox could not be started (open /proc: ENOENT)" });
  });

  test("prints a path that the caller did not choose without what a terminal acts on", async () => {
    expect((await startError(failure(undefined, 2, "open /a\u001b[2J"))).message).not.toContain("\u001b");
  });
});

describe("a failed execve", () => {
  test("is told from other steps", () => {
    expect(isExecFailure(failure(undefined, 2, "execve /x"))).toBe(true);
    expect(isExecFailure(failure(undefined, 2, "open /proc"))).toBe(false);
    expect(isExecFailure(failure("mount", 2, "execve /x"))).toBe(false);
  });

  test.each([[2, "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING", 127], [13, "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", 126], [8, "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE", 126]])("errno %i is %s", (errno, code, exitCode) => {
    const error = execError(failure(undefined, errno, "execve /srv/a b"));
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({ code, exitCode });
    expect(error.message).toContain("/srv/a b");
  });
});

describe("the platform", () => {
  const { platform, arch } = process;
  afterEach(() => { Object.defineProperties(process, { platform: { value: platform }, arch: { value: arch } }); });

  test.each([["darwin", "x64"], ["win32", "x64"], ["linux", "arm64"]])("%s on %s is not supported, and the error has the host's report", async (name, cpu) => {
    Object.defineProperties(process, { platform: { value: name }, arch: { value: cpu } });
    await expect(requirePlatform()).rejects.toMatchObject({ code: "ERR_SANDBOX_UNSUPPORTED", report: expect.any(Object) as object });
  });

  test("Linux on x64 is", async () => {
    await expect(requirePlatform()).resolves.toBeUndefined();
  });
});
