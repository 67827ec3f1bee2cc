/** A policy as TOML text, for `--show-policy` and `--learn`. */

import type { PolicyInput } from "./input.js";
import type { Origin, Policy } from "./policy.js";
import { formatDuration, formatSize } from "./units.js";

/** Comments by field, as `fieldName` spells it: `filesystem.read[0]`, `limits.memory`. */
export type Comments = Readonly<Record<string, string>>;

export interface WriteOptions {
  /** Lines at the top of the file, without `#`. */
  readonly header?: string | undefined;
  readonly comments?: Comments | undefined;
}

/**
 * Writes a policy so that `parsePolicy` reads the same back. Milliseconds become text with a unit.
 *
 * @example
 * writePolicy({ filesystem: { read: ["~/data"] } }, { comments: { "filesystem.read[0]": "opened by ./untrusted" } })
 */
export function writePolicy(policy: PolicyInput, { header, comments = {} }: WriteOptions = {}): string {
  const lines = header === undefined ? [] : [...header.split(/\r\n|[\r\n]/).map((line) => `# ${comment(line)}`.trimEnd()), ""];
  if (policy.profile !== undefined) lines.push(`profile = ${profile(policy.profile)}`, "");
  lines.push(
    ...section("filesystem", list("read", policy.filesystem?.read), list("write", policy.filesystem?.write), list("exec", policy.filesystem?.exec)),
    ...section("environment", list("pass", policy.environment?.pass)),
    ...section("environment.set", ...Object.entries(policy.environment?.set ?? {}).map(([name, value]): Entry => ({ name, value: string(value) }))),
    ...section("network", single("mode", policy.network?.mode), list("allow", policy.network?.allow), list("listen", policy.network?.listen)),
    ...section("limits", ...limits(policy)),
    ...section("syscalls", list("allow", policy.syscalls?.allow)),
  );
  return `${lines.join("\n").trimEnd()}\n`;

  function section(title: string, ...entries: (Entry | undefined)[]): string[] {
    const present = entries.filter((entry) => entry !== undefined);
    if (present.length === 0) return [];
    return [`[${title}]`, ...present.flatMap((entry) => field(`${title}.${entry.name}`, entry)), ""];
  }

  function field(path: string, { name, value }: Entry): string[] {
    if (typeof value === "string") return [`${key(name)} = ${value}${note(path)}`];
    if (value.length === 0) return [`${key(name)} = []`];
    return [`${key(name)} = [`, ...value.map((element, index) => `  ${element},${note(`${path}[${index}]`)}`), "]"];
  }

  function note(path: string): string {
    const text = Object.hasOwn(comments, path) ? comments[path] : undefined;
    return text === undefined ? "" : ` # ${comment(text)}`;
  }
}

/** A resolved policy in the shape that people write, with the origin of each rule as a comment. */
export function describePolicy(policy: Policy): { readonly input: PolicyInput; readonly comments: Comments } {
  const comments: Record<string, string> = {};
  const paths: Record<"read" | "write" | "exec", string[]> = { read: [], write: [], exec: [] };
  for (const rule of policy.paths) {
    // Reading is part of both others; a rule is listed under each of them that it grants.
    const beyond = (["write", "exec"] as const).filter((access) => rule[access]);
    for (const name of beyond.length === 0 ? (["read"] as const) : beyond) {
      comments[`filesystem.${name}[${paths[name].push(rule.path) - 1}]`] = originText(rule.origin);
    }
  }
  policy.network.allow.forEach(({ origin }, index) => (comments[`network.allow[${index}]`] = originText(origin)));
  policy.network.listen.forEach(({ origin }, index) => (comments[`network.listen[${index}]`] = originText(origin)));
  policy.syscalls.forEach(({ origin }, index) => (comments[`syscalls.allow[${index}]`] = originText(origin)));
  const { wall, cpu, memory, processes, files, disk, output, tmp } = policy.limits;
  const or = <T>(value: T | undefined): T | "unlimited" => value ?? "unlimited";
  const input: PolicyInput = {
    filesystem: paths,
    environment: policy.environment,
    network: {
      mode: policy.network.mode,
      allow: policy.network.allow.map(({ host, port }) => `${host}:${port}`),
      listen: policy.network.listen.map(({ port }) => port),
    },
    limits: { wall: or(wall), cpu: or(cpu), memory: or(memory), processes: or(processes), files: or(files), disk: or(disk), output: or(output), tmp: or(tmp) },
    syscalls: { allow: policy.syscalls.map(({ name }) => name) },
  };
  return { input, comments };
}

/** Where a rule came from, in a few words: `--read ~/x`, `policy.toml:3`, `profile node`. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "default": return "default";
    case "profile": return `profile ${origin.name}`;
    case "file": return `${origin.file}:${origin.line}`;
    case "flag": return origin.flag;
    case "api": return "policy object";
  }
}

interface Entry {
  readonly name: string;
  /** TOML: one value, or the elements of a list. */
  readonly value: string | readonly string[];
}

function list(name: string, values: readonly (string | number)[] | undefined): Entry | undefined {
  return values === undefined ? undefined : { name, value: values.map(scalar) };
}

function single(name: string, value: string | number | undefined): Entry | undefined {
  return value === undefined ? undefined : { name, value: scalar(value) };
}

function limits({ limits = {} }: PolicyInput): (Entry | undefined)[] {
  const { wall, cpu, memory, processes, files, disk, output, tmp } = limits;
  const time = (value: string | number | undefined) => (typeof value === "number" ? formatDuration(value) : value);
  const size = (value: string | number | undefined) => (typeof value === "number" ? formatSize(value) : value);
  return [
    single("wall", time(wall)), single("cpu", time(cpu)), single("memory", size(memory)),
    single("processes", processes), single("files", files), single("disk", size(disk)),
    single("output", size(output)), single("tmp", size(tmp)),
  ];
}

function profile(value: string | readonly string[]): string {
  return typeof value === "string" ? string(value) : `[${value.map(string).join(", ")}]`;
}

function scalar(value: string | number): string {
  return typeof value === "number" ? String(value) : string(value);
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : string(name);
}

/** A TOML basic string. JSON's escapes are a subset of TOML's; DEL and C1 controls must be escaped besides. */
function string(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** Comments may hold no control character; a newline would end them and begin a rule. */
function comment(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, " ");
}
