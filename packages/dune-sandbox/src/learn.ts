/**
 * Learning a policy: the program runs again and again, each time with what it was refused before, until
 * nothing new is refused. Every round is a dry run, and nothing that a dry run cannot take back is tried:
 * network, system calls, single files to write and sockets are written down, but the program does not
 * get them unless the caller had granted them. Nobody has reviewed yet what it asks for.
 */

import { statSync, writeFileSync } from "node:fs";
import type { Stats } from "node:fs";
import { homedir } from "node:os";
import type { Denial } from "./denial.js";
import { SandboxError } from "./errors.js";
import type { PolicyInput, PolicyLayer } from "./policy/input.js";
import { policyLayer } from "./policy/parse.js";
import { absolutePath, normalised } from "./policy/paths.js";
import { writePolicy } from "./policy/write.js";
import { quote } from "./quote.js";
import type { SandboxResult } from "./result.js";
import { grantedSockets } from "./sockets.js";

/** A program that is refused something new after so many rounds makes names up. */
const MOST_ROUNDS = 25;

export interface Learned {
  readonly policy: PolicyInput;
  /** Comments by field, as `writePolicy` takes them. */
  readonly comments: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** The last round. */
  readonly result: SandboxResult;
}

/**
 * @param layers what the caller grants to begin with
 * @param round runs the program once, without keeping its changes
 */
export async function learn(
  layers: readonly PolicyLayer[],
  round: (layers: readonly PolicyLayer[]) => Promise<SandboxResult>,
  cwd: string,
): Promise<Learned> {
  let policy = layers.map((layer) => absolute(layer)).reduce(addPolicies, {});
  /** The part of `policy` that the program runs with. */
  let tried = policy;
  const reasons = new Map<string, string>();
  for (let rounds = 1; ; rounds++) {
    const result = await round([policyLayer(tried, cwd)]);
    const news = newGrants(result, policy);
    for (const { input, kind, syscall } of news) {
      const reason = canBeTried(input) ? `${kind} by ${syscall}` : `${kind} by ${syscall}, ${UNTRIED}`;
      for (const value of values(input)) reasons.set(value, reason);
    }
    policy = news.map(({ input }) => input).reduce(addPolicies, policy);
    const next = news.map(({ input }) => input).filter(canBeTried);
    // The same policy once more would bring the same refusals.
    if (next.length === 0 || rounds === MOST_ROUNDS) return { policy, comments: comments(policy, reasons), rounds, result };
    tried = next.reduce(addPolicies, tried);
  }
}

const UNTRIED = "not tried while learning";

/** Whether a dry run takes back all that a grant can do: reading files, and writing in directories, which get an overlay. */
function canBeTried({ filesystem, network, syscalls }: PolicyInput): boolean {
  if (network !== undefined || syscalls !== undefined) return false;
  const { read = [], exec = [], write = [] } = filesystem ?? {};
  return [...read, ...exec].every((path) => isHarmless(path)) && write.every((path) => isHarmless(path) && stat(path)?.isDirectory() === true);
}

/** No socket, device or pipe, with somebody at the other end; nor a directory with a socket in it. */
function isHarmless(path: string): boolean {
  const found = stat(path);
  return (found === undefined || found.isFile() || found.isDirectory()) && grantedSockets([{ path, optional: false }]).length === 0;
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // gone meanwhile; whoever loads the policy says so
  }
}

/** @throws {SandboxError} `ERR_SANDBOX_OPTION` if the file cannot be written */
export function saveLearned(file: string, { policy, comments }: Learned, program: string): void {
  const header = `What ${quote(program)} asked for, learnt by dune-sandbox --learn.\nReview every line: the program is not trusted, and this is what it wants.`;
  try {
    writeFileSync(file, writePolicy(policy, { header, comments }));
  } catch (cause) {
    throw new SandboxError("ERR_SANDBOX_OPTION", `--learn ${quote(file)} cannot be written`, { cause });
  }
}

/** A denial that a grant would lift. */
type Grantable = Denial & { readonly input: PolicyInput };

/**
 * Denials worth a grant. System calls that a program tries and does without stay refused: they are
 * granted only if it failed and nothing else explains it.
 */
function newGrants({ denials, code }: SandboxResult, policy: PolicyInput): Grantable[] {
  const known = new Set(values(policy));
  const grantable = denials.filter((denial): denial is Grantable => denial.input !== undefined);
  const isNew = ({ input }: Grantable): boolean => values(input).some((value) => !known.has(value));
  // What was not tried explains as much as what is new.
  const others = grantable.filter((denial) => denial.kind !== "syscall" && (isNew(denial) || !canBeTried(denial.input)));
  return others.length === 0 && code !== 0 ? grantable.filter(isNew) : others.filter(isNew);
}

/** Every single grant of a policy, as one comparable word. */
function values({ filesystem, network, syscalls }: PolicyInput): string[] {
  return [
    ...(filesystem?.read ?? []).map((path) => `read ${path}`),
    ...(filesystem?.write ?? []).map((path) => `write ${path}`),
    ...(filesystem?.exec ?? []).map((path) => `exec ${path}`),
    ...(network?.allow ?? []).map((endpoint) => `allow ${endpoint}`),
    ...(network?.listen ?? []).map((port) => `listen ${port}`),
    ...(syscalls?.allow ?? []).map((name) => `syscall ${name}`),
  ];
}

function comments(policy: PolicyInput, reasons: ReadonlyMap<string, string>): Record<string, string> {
  const comments: Record<string, string> = {};
  const note = (field: string, word: string, grants: readonly string[] = []): void => {
    grants.forEach((grant, index) => {
      const reason = reasons.get(`${word} ${grant}`);
      if (reason !== undefined) comments[`${field}[${index}]`] = reason;
    });
  };
  for (const list of ["read", "write", "exec"] as const) note(`filesystem.${list}`, list, policy.filesystem?.[list]);
  note("network.allow", "allow", policy.network?.allow);
  note("network.listen", "listen", policy.network?.listen?.map(String));
  note("syscalls.allow", "syscall", policy.syscalls?.allow);
  return comments;
}

/** The layer's policy with paths that mean the same wherever the file will lie. */
function absolute({ input, base }: PolicyLayer): PolicyInput {
  const resolve = (paths: readonly string[] = []): string[] => paths.map((path) => normalised(absolutePath(path, base, homedir())));
  const { filesystem } = input;
  if (filesystem === undefined) return input;
  return { ...input, filesystem: { read: resolve(filesystem.read), write: resolve(filesystem.write), exec: resolve(filesystem.exec) } };
}

/** Lists add up; of single values the second counts; what is empty is left out. */
function addPolicies(a: PolicyInput, b: PolicyInput): PolicyInput {
  const join = <T>(x: readonly T[] = [], y: readonly T[] = []): T[] | undefined => nonEmpty([...new Set([...x, ...y])]);
  const names = (profile: PolicyInput["profile"]): readonly string[] => (typeof profile === "string" ? [profile] : (profile ?? []));
  return {
    profile: join(names(a.profile), names(b.profile)),
    filesystem: section({
      read: join(a.filesystem?.read, b.filesystem?.read),
      write: join(a.filesystem?.write, b.filesystem?.write),
      exec: join(a.filesystem?.exec, b.filesystem?.exec),
    }),
    environment: section({
      pass: join(a.environment?.pass, b.environment?.pass),
      set: section({ ...a.environment?.set, ...b.environment?.set }),
    }),
    network: section({
      mode: b.network?.mode ?? a.network?.mode,
      allow: join(a.network?.allow, b.network?.allow),
      listen: join(a.network?.listen, b.network?.listen),
    }),
    limits: section({ ...a.limits, ...b.limits }),
    syscalls: section({ allow: join(a.syscalls?.allow, b.syscalls?.allow) }),
  };
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function section<T extends object>(fields: T): T | undefined {
  return Object.values(fields).every((value) => value === undefined) ? undefined : fields;
}
