/** Why each attempt came to nothing in the sandbox, and what would allow it. */

import type { Denial, PolicyInput } from "@dune/sandbox";
import { printable, type Attempt, type AttemptName } from "./attempt.js";
import type { Scene } from "./scene.js";

export interface Refusal {
  readonly name: AttemptName;
  readonly rule: string;
  /** The flag of `dune-sandbox` that would allow it. */
  readonly allow: string;
  /** The same grant for `Sandbox.spawn`. */
  readonly grant: PolicyInput | undefined;
}

/** Where the scene's things are, as denials name them. */
export type Place = Pick<Scene, "secretFile" | "startupFile"> & { readonly port: number };

type Matcher = (denial: Denial, place: Place) => boolean;

/** Which denial belongs to which attempt. */
const DENIALS: Readonly<Partial<Record<AttemptName, Matcher>>> = {
  secret: ({ kind, path }, { secretFile }) => kind === "read" && path === secretFile,
  write: ({ kind, path }, { startupFile }) => kind === "write" && path === startupFile,
  connect: ({ kind, address }, { port }) => kind === "connect" && address === `127.0.0.1:${port}`,
  lookup: ({ kind, address }) => kind === "lookup" && address === "example.com",
  unshare: ({ kind, syscall }) => kind === "syscall" && syscall === "unshare",
};

/**
 * What is not there in the first place leaves nothing to refuse: a variable that was never passed on, and
 * the host's loopback, in whose place the sandbox has an empty one of its own.
 */
const ABSENT: Readonly<Partial<Record<AttemptName, (place: Place) => Omit<Refusal, "name">>>> = {
  token: () => ({
    rule: "default policy: only a short list of variables is passed on",
    allow: "--env DEMO_API_TOKEN",
    grant: { environment: { pass: ["DEMO_API_TOKEN"] } },
  }),
  connect: ({ port }) => ({
    rule: "default policy: no network; the loopback inside is the sandbox's own",
    allow: `--allow-net localhost:${port}`,
    grant: { network: { allow: [`localhost:${port}`] } },
  }),
};

/** The reason for each attempt that failed; attempts without one are missing. */
export function explainRefusals(attempts: readonly Attempt[], denials: readonly Denial[], place: Place): Refusal[] {
  return attempts.filter(({ succeeded }) => !succeeded).flatMap(({ name }) => {
    const denial = denials.find((candidate) => DENIALS[name]?.(candidate, place));
    const refusal = denial === undefined ? ABSENT[name]?.(place) : fromDenial(denial);
    return refusal === undefined ? [] : [{ name, ...refusal }];
  });
}

function fromDenial({ rule, allow = "no flag allows it", input }: Denial): Omit<Refusal, "name"> {
  return { rule: printable(rule), allow: printable(allow), grant: input };
}
