import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.js";
import { toolsFolder } from "./tarballs.js";

/** A package manager that our users use. */
export interface Manager {
  readonly name: string;
  /** The npm package it comes in; absent for the npm that belongs to Node. */
  readonly spec?: string;
  /** Its program inside that package's folder of installation. */
  readonly program: string;
  /** Reason for which the tests may do without it; absent if they may not. */
  readonly optional?: string;
  readonly install: readonly string[];
  /** What the project needs so that each of our packages comes from its tarball, wherever it is asked for. The values are `file:` specifiers. */
  override(tarballs: Readonly<Record<string, string>>): { readonly manifest?: object; readonly workspace?: string };
}

const pnpm = (version: string): Manager => ({
  name: `pnpm ${version}`,
  spec: `pnpm@${version}`,
  program: "node_modules/.bin/pnpm",
  install: ["install"],
  override: (tarballs) => ({
    workspace: ["packages: []", "overrides:", ...Object.entries(tarballs).map(([name, file]) => `  "${name}": "${file}"`)].join("\n"),
  }),
});

export const managers: readonly Manager[] = [
  {
    name: "npm",
    program: "npm",
    install: ["install"],
    // `$name` stands for what the project itself asks for.
    override: (tarballs) => ({ manifest: { overrides: Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`])) } }),
  },
  pnpm("10.34.9"),
  pnpm("12.21.0"),
  {
    name: "yarn 1.22.22",
    spec: "yarn@1.22.22",
    program: "node_modules/.bin/yarn",
    // Its cache knows a tarball by name and version, and ours change without a new version.
    install: ["install", "--non-interactive", "--cache-folder", ".yarn-cache"],
    override: (tarballs) => ({ manifest: { resolutions: tarballs } }),
  },
  {
    name: "bun 1.4.5",
    // The package `bun` fetches its program in an install script; this one contains it.
    spec: "@oven/bun-linux-x64-baseline@1.4.5",
    program: "node_modules/@oven/bun-linux-x64-baseline/bin/bun",
    optional: "bun cannot be fetched or does not run on this machine",
    install: ["install"],
    override: (tarballs) => ({ manifest: { overrides: tarballs } }),
  },
];

/** The path of a manager's program, fetched through npm the first time; undefined if it cannot be had. */
export async function locate({ spec, program }: Manager): Promise<string | undefined> {
  if (spec === undefined) return program;
  const folder = join(toolsFolder, spec.replace(/[/@]+/g, "-").replace(/^-/, ""));
  const path = join(folder, program);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    await run(folder, ["npm", "install", "--prefix", folder, "--no-save", "--no-package-lock", spec]);
  }
  // Asked outside the repository: inside, pnpm 10 would replace itself by the version pinned there.
  const { status } = await run(tmpdir(), [path, "--version"]).catch(() => ({ status: "not started" }));
  return status === 0 ? path : undefined;
}
