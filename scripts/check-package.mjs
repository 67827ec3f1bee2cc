/**
 * Checks the package in the working directory as its users will get it: it is packed,
 * and everything is asserted about the contents of the tarball.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { homedir, tmpdir } from "node:os";
import { extname, join, relative } from "node:path";
import { root } from "./lib/paths.mjs";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const problems = [];
const scratch = mkdtempSync(join(tmpdir(), "dune-check-"));
try {
  checkSources();
  const tarball = pack();
  const unpacked = unpack(tarball);
  checkContents(unpacked);
  checkImports(unpacked);
  runTool("publint", [tarball, "--strict"]);
  runTool("attw", [tarball, "--profile", "node16", "--no-color", "--no-emoji"]);
} finally {
  rmSync(scratch, { recursive: true });
}
for (const problem of problems) console.error(`${manifest.name}: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${manifest.name}: fit to be published`);

/** What npm would leave out without a word. */
function checkSources() {
  for (const entry of manifest.files) if (!existsSync(entry)) problems.push(`"files" names ${entry}, which does not exist`);
  for (const hook of ["preinstall", "install", "postinstall"]) {
    if (manifest.scripts?.[hook] !== undefined) problems.push(`it has a script ${hook}; nothing may run at installation`);
  }
}

/** @returns {string} path of the tarball */
function pack() {
  const folder = join(scratch, "tarball");
  execFileSync("pnpm", ["pack", "--pack-destination", folder], { stdio: ["ignore", "ignore", "inherit"] });
  return join(folder, readdirSync(folder)[0]);
}

/** @param {string} tarball */
function unpack(tarball) {
  execFileSync("tar", ["-xzf", tarball, "-C", scratch]);
  return join(scratch, "package");
}

/** @param {string} folder */
function checkContents(folder) {
  for (const name of ["README.md", "LICENSE"]) if (!existsSync(join(folder, name))) problems.push(`${name} is missing`);
  const packed = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const path of entryPoints(packed)) if (!existsSync(join(folder, path))) problems.push(`${path} is missing, and package.json refers to it`);
  // attw finds nothing wrong with a package that has no types at all.
  for (const types of ["dist/index.d.ts", "dist/index.d.cts"]) if (!existsSync(join(folder, types))) problems.push(`${types} is missing`);
  for (const path of Object.values(packed.bin ?? {})) checkProgram(join(folder, path), path);
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    for (const [name, range] of Object.entries(packed[kind] ?? {})) {
      if (/^(workspace|catalog|file|link):/.test(range)) problems.push(`${kind} has ${name}@${range}, which nobody else can install`);
    }
  }
  for (const file of filesBelow(folder)) checkForMachine(file, relative(folder, file));
}

/** Every path that main, types, bin and exports lead to; patterns are left to publint. */
function entryPoints({ main, module, types, bin, exports }) {
  const below = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(below));
  return [main, module, types, ...below(bin), ...below(exports)].filter((path) => path !== undefined && !path.includes("*"));
}

function checkProgram(file, path) {
  if (!existsSync(file)) return;
  if (!readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n")) problems.push(`${path} does not begin with #!/usr/bin/env node`);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    problems.push(`${path} is not executable`);
  }
}

/** A build must not tell where it was made, nor depend on it. */
function checkForMachine(file, path) {
  const bytes = readFileSync(file);
  const home = homedir();
  for (const place of [root, ...(home.startsWith("/home/") ? [home] : [])]) {
    if (bytes.includes(`${place}/`)) problems.push(`${path} contains the path ${place}/ of this machine`);
  }
}

/** What is imported must be installed with it, and what is installed with it must be imported. */
function checkImports(folder) {
  const { name: self, dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest;
  const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }));
  const imported = new Set(filesBelow(join(folder, "dist")).filter((file) => [".js", ".cjs", ".ts", ".cts"].includes(extname(file))).flatMap(importsOf));
  for (const name of imported) {
    if (!declared.has(name) && name !== self) problems.push(`dist imports ${name}, which is not among its dependencies`);
  }
  for (const name of declared) if (!imported.has(name)) problems.push(`it depends on ${name} and never imports it`);
}

/** Names of the packages that a built file imports. */
function importsOf(file) {
  const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)["']([^"'\s]+)["']/g;
  return [...readFileSync(file, "utf8").matchAll(specifier)]
    .map(([, name]) => name)
    .filter((name) => /^(@[a-z0-9-]+\/)?[a-z0-9]/.test(name) && !name.startsWith("node:") && !builtinModules.includes(name))
    .map((name) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/"));
}

/** @returns {string[]} */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).map((path) => join(folder, path)).filter((path) => statSync(path).isFile());
}

function runTool(name, args) {
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules", ".bin", name), args, { encoding: "utf8" });
  if (status !== 0) problems.push(`${name} objects:\n${stdout}${stderr}`);
}
