import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./command.js";
import { locate, managers } from "./managers.js";
import { complaints, createProject } from "./project.js";
import { packAll } from "./tarballs.js";

let scratch: string;
let tarballs: ReadonlyMap<string, string>;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "dune-packaging-"));
  tarballs = await packAll(join(scratch, "tarballs"));
});
afterAll(() => { rmSync(scratch, { recursive: true, force: true }); });

const packages = ["@dune/bench", "@dune/kmod", "@dune/libdune", "@dune/req", "@dune/sandbox"];

it("packs every package that the tests name", () => {
  expect([...tarballs.keys()].sort()).toEqual(packages);
});

const variants = managers.flatMap((manager) => [[manager.name, manager, []], [`${manager.name} --ignore-scripts`, manager, ["--ignore-scripts"]]] as const);

describe.each(variants)("installed with %s", (title, manager, flags) => {
  let folder: string;
  let missing: string | undefined;
  let installed: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    folder = join(scratch, title.replace(/\W+/g, "-"));
    const program = await locate(manager);
    if (program === undefined) {
      missing = `${manager.name} could not be fetched from the registry, or does not run here`;
      return;
    }
    createProject(folder, manager, tarballs);
    installed = await run(folder, [program, ...manager.install, ...flags]);
  });

  /** Skips, with the reason, what a manager that may be missing was needed for. */
  const needManager = (skip: (reason: string) => never) => {
    if (missing !== undefined && manager.optional !== undefined) skip(manager.optional);
    expect(missing).toBeUndefined();
  };

  it("installs all of them without a complaint", ({ skip }) => {
    needManager(skip);
    const { status, stdout, stderr } = installed;
    expect({ status, complaints: complaints(stdout + stderr) }, stdout + stderr).toEqual({ status: 0, complaints: [] });
  });

  it("runs the host check", async ({ skip }) => {
    needManager(skip);
    const { status, stdout, stderr } = await run(folder, ["npx", "--no-install", "dune-req", "--json"]);
    const report = JSON.parse(stdout) as { exitCode: number; engines: object };
    expect(report.exitCode, stderr).toBe(status);
    expect([0, 1, 2]).toContain(status);
    expect(Object.keys(report.engines).sort()).toEqual(["dune", "kvm", "process"]);
  });

  it("runs the sandbox and the module's command by the names of their packages", async ({ skip }) => {
    needManager(skip);
    for (const name of ["@dune/sandbox", "@dune/kmod"]) {
      const { status, stdout, stderr } = await run(folder, ["npx", "--no-install", name, "--version"]);
      expect({ name, status, version: /^(?:\S+ )?\d+\.\d+\.\d+\S*\n$/.test(stdout) }, stdout + stderr).toEqual({ name, status: 0, version: true });
    }
  });

  it("runs a program in the sandbox", async ({ skip }) => {
    needManager(skip);
    const check = await run(folder, ["npx", "--no-install", "dune-req", "--json", "--engine", "process"]);
    if (check.status !== 0) skip("the process engine is not fully usable on this machine (npx dune-req --engine process says why)");
    const { status, stdout, stderr } = await run(folder, ["npx", "--no-install", "dune-sandbox", "/bin/echo", "from inside"]);
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "from inside\n" });
  });

  it("imports as ESM and as CommonJS, with the same exports", async ({ skip }) => {
    needManager(skip);
    const script = `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      const names = (module) => Object.keys(module).filter((name) => name !== "default" && name !== "__esModule").sort().join();
      for (const name of ${JSON.stringify(packages)}) {
        const esm = names(await import(name)), cjs = names(require(name));
        if (esm === "" || esm !== cjs) throw new Error(name + ": " + esm + " / " + cjs);
      }
      console.log("same");`;
    writeFileSync(join(folder, "import.mjs"), script);
    const { stdout, stderr } = await run(folder, [process.execPath, "import.mjs"]);
    expect(stdout, stderr).toBe("same\n");
  });
});

describe.each([
  ["darwin", "arm64"],
  ["win32", "x64"],
  ["linux", "arm64"],
])("on a simulated %s %s", (platform, arch) => {
  let folder: string;
  beforeAll(async () => {
    folder = join(scratch, "platform");
    const npm = managers[0];
    if (npm === undefined) throw new Error("the first manager is npm");
    createProject(folder, npm, tarballs);
    await run(folder, ["npm", "install"]);
    const pretend = `for (const [name, value] of Object.entries(${JSON.stringify({ platform, arch })})) Object.defineProperty(process, name, { value });`;
    writeFileSync(join(folder, "pretend.cjs"), pretend);
  });

  /** What a script prints, which must end well. */
  const output = async (file: string, script: string) => {
    writeFileSync(join(folder, file), script);
    const { status, stdout, stderr } = await run(folder, [process.execPath, "--require", "./pretend.cjs", file]);
    expect(status, stderr).toBe(0);
    return stdout;
  };

  it("imports every package, as ESM and as CommonJS", async () => {
    const imports = packages.map((name) => `import ${JSON.stringify(name)};`).join("\n");
    expect(await output("import.mjs", `${imports}\nconsole.log(process.platform, process.arch);`)).toBe(`${platform} ${arch}\n`);
    const requires = packages.map((name) => `require(${JSON.stringify(name)});`).join("\n");
    expect(await output("require.cjs", `${requires}\nconsole.log(process.platform, process.arch);`)).toBe(`${platform} ${arch}\n`);
  });

  it("throws a typed error only when something is to be created", async () => {
    const script = `
      import { Dune } from "@dune/libdune";
      import { Sandbox } from "@dune/sandbox";
      const code = async (action) => { try { await action(); return "nothing thrown"; } catch (error) { return error.code ?? String(error); } };
      console.log(await code(() => Dune.open()), await code(() => Sandbox.spawn("/bin/true", [])));`;
    expect(await output("create.mjs", script)).toBe("ERR_DUNE_UNSUPPORTED ERR_SANDBOX_UNSUPPORTED\n");
  });

  it("says that nothing is usable, and why", async () => {
    const { status, stdout, stderr } = await run(folder, [process.execPath, "--require", "./pretend.cjs", "node_modules/@dune/req/dist/cli.js", "--json"]);
    expect(status, stderr).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, engine: null, host: { platform, arch } });
  });
});
