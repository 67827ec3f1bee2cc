import type { PolicyLayer } from "./policy/input.js";

/** How much is supervised to explain denials. */
export type Explain = "default" | "all" | "none";

/** A parsed command line. */
export interface CliOptions {
  /** The program as typed. */
  readonly program: string;
  readonly args: readonly string[];
  /** `--policy FILE`, as typed. */
  readonly policyFile?: string | undefined;
  /** What the policy flags say, each with its flag as origin. */
  readonly layer: PolicyLayer;
  readonly engine: "auto" | "process";
  readonly bestEffort: boolean;
  readonly json: boolean;
  /** `--learn FILE`, as typed. */
  readonly learn?: string | undefined;
  readonly dryRun: boolean;
  readonly explain: Explain;
  readonly quiet: boolean;
  /** `--tty` true, `--no-tty` false; undefined: decide by whether the standard streams are terminals. */
  readonly tty?: boolean | undefined;
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly options: CliOptions }
  | { readonly kind: "show-policy"; readonly options: Omit<CliOptions, "program"> & { readonly program?: string | undefined } }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

/** `cwd` is what relative paths in flags start from. */
export declare function parseCommand(argv: readonly string[], cwd: string): Command;
