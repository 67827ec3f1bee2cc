import type { Link } from "./policy/policy.js";

/** A program that can be started, and what it takes to start it. */
export interface ResolvedProgram {
  /** Absolute real path of the file to execute. */
  readonly path: string;
  /** Absolute path as it was named or found through PATH; execute this one, so that `$0` is what it would be outside. */
  readonly spelled: string;
  /** Symbolic links between `spelled` and `path`. */
  readonly links: readonly Link[];
  /** The name as it was typed: argv[0]. */
  readonly argv0: string;
  readonly kind: "elf" | "script";
  /** Script: the interpreter named after `#!`. ELF: the dynamic loader, if it has one. */
  readonly interpreter?: string | undefined;
  /** Real paths of the other files that must be executable for it to start: interpreters and loaders. */
  readonly extraReads: readonly string[];
}

export declare function resolveProgram(name: string, options: { readonly cwd: string; readonly path?: string | undefined }): ResolvedProgram;
