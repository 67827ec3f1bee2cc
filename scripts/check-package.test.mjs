import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "./lib/paths.mjs";

const entry = (kind) => ({ types: `./dist/index.d.${kind === "js" ? "ts" : "cts"}`, default: `./dist/index.${kind}` });

/** A package that is fit to be published. */
const manifest = {
  name: "checked",
  version: "1.0.0",
  description: "made by a test",
  license: "MIT",
  type: "module",
  main: "./dist/index.cjs",
  types: "./dist/index.d.cts",
  exports: { ".": { import: entry("js"), require: entry("cjs") } },
  bin: { checked: "./dist/cli.js" },
  files: ["dist"],
  dependencies: { valibot: "1.0.0" },
};
const files = {
  "README.md": "# checked\n",
  LICENSE: "MIT\n",
  "dist/index.js": 'import "node:fs";\nimport { parse } from "valibot";\nexport const one = parse;\n',
  "dist/index.cjs": '"use strict";\nexports.one = require("valibot").parse;\n',
  "dist/index.d.ts": "export declare const one: unknown;\n",
  "dist/index.d.cts": "export declare const one: unknown;\n",
  "dist/cli.js": "#!/usr/bin/env node\n",
};

const hasPnpm = spawnSync("pnpm", ["--version"]).status === 0;

describe("check-package", () => {
  let folder;
  beforeEach(({ skip }) => {
    folder = mkdtempSync(join(tmpdir(), "dune-checked-"));
    skip(!hasPnpm, "pnpm is not on PATH; npm test puts it there");
  });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  /** What is said about the good package with these changes; a file set to null is left out. */
  function check(changedManifest = {}, changedFiles = {}) {
    const all = { ...files, ...changedFiles, "package.json": JSON.stringify({ ...manifest, ...changedManifest }) };
    for (const [name, text] of Object.entries(all)) {
      if (text === null) continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    chmodSync(join(folder, "dist/cli.js"), 0o755);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/check-package.mjs")], { cwd: folder, encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  it("has nothing against a good package", () => {
    expect(check()).toEqual({ status: 0, output: "checked: fit to be published\n" });
  });

  it.each([
    ["types that are missing", {}, { "dist/index.d.cts": null }, "dist/index.d.cts is missing"],
    ["a licence that is missing", {}, { LICENSE: null }, "LICENSE is missing"],
    ["a folder that is listed and missing", { files: ["dist", "prebuilds"] }, {}, '"files" names prebuilds'],
    ["a program without a shebang", {}, { "dist/cli.js": "console.log(1);\n" }, "does not begin with #!/usr/bin/env node"],
    ["a script at installation", { scripts: { postinstall: "true" } }, {}, "nothing may run at installation"],
    ["an import that is not installed", { dependencies: {} }, {}, "dist imports valibot"],
    ["a dependency that is not used", { dependencies: { valibot: "1.0.0", ajv: "8.0.0" } }, {}, "depends on ajv and never imports it"],
    ["a path of this machine", {}, { "README.md": `built in ${root}/packages\n` }, "of this machine"],
    ["what publint finds", {}, { "dist/index.cjs": 'import "valibot";\nexport const one = 1;\n' }, "publint objects"],
    ["what attw finds", { exports: { ".": { import: { types: "./dist/index.d.cts", default: "./dist/index.js" }, require: entry("cjs") } } }, {}, "attw objects"],
  ])("refuses %s", (_what, changedManifest, changedFiles, message) => {
    const { status, output } = check(changedManifest, changedFiles);
    expect(output).toContain(message);
    expect(status).toBe(1);
  });
});
