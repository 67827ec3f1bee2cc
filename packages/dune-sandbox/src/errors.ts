import type { HostReport } from "@dune/req";

/** Exit statuses that are the sandbox's own, as `env(1)`, `timeout(1)` and docker use them. */
export const EXIT = {
  /** A limit stopped the program. */
  limit: 124,
  /** The sandbox itself failed or was asked for something it cannot do; the program did not run. */
  failure: 125,
  /** The program was found but cannot be executed. */
  notExecutable: 126,
  /** There is no such program. */
  notFound: 127,
  /** Plus the signal's number: the program was killed by it. */
  signal: 128,
} as const;

/** The exit status of `dune-sandbox` for every error it can end with. */
export const EXIT_CODES = {
  ERR_SANDBOX_UNSUPPORTED: EXIT.failure,
  ERR_SANDBOX_LAYER: EXIT.failure,
  ERR_SANDBOX_POLICY: EXIT.failure,
  ERR_SANDBOX_OPTION: EXIT.failure,
  ERR_SANDBOX_CWD: EXIT.failure,
  ERR_SANDBOX_ENCODING: EXIT.failure,
  ERR_SANDBOX_START: EXIT.failure,
  ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE: EXIT.notExecutable,
  ERR_SANDBOX_PROGRAM_IS_DIRECTORY: EXIT.notExecutable,
  ERR_SANDBOX_PROGRAM_WRONG_ARCHITECTURE: EXIT.notExecutable,
  ERR_SANDBOX_PROGRAM_BAD_SHEBANG: EXIT.notExecutable,
  ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING: EXIT.notFound,
  ERR_SANDBOX_PROGRAM_NOT_FOUND: EXIT.notFound,
} as const satisfies Record<`ERR_SANDBOX_${string}`, number>;

/** Stable name of an error; match on this, not on the message. */
export type SandboxErrorCode = keyof typeof EXIT_CODES;

export interface SandboxErrorOptions {
  /** The one command, or the one change, that puts it right. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Everything this package throws on purpose. `message` says what happened and why; `fix` is the one
 * command that helps, where there is one.
 *
 * @example
 * try { await Sandbox.spawn("./untrusted"); }
 * catch (error) { if (error instanceof SandboxError && error.code === "ERR_SANDBOX_CWD") ... }
 */
export class SandboxError extends Error {
  override readonly name: string = "SandboxError";
  readonly code: SandboxErrorCode;
  readonly fix: string | undefined;

  constructor(code: SandboxErrorCode, message: string, options: SandboxErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fix = options.fix;
  }

  /** The status `dune-sandbox` exits with because of this error. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** `ERR_SANDBOX_UNSUPPORTED`: no engine works on this host. */
export class UnsupportedError extends SandboxError {
  override readonly name = "UnsupportedError";
  /** What the host check found; absent where the host could not even be checked. */
  readonly report: HostReport | undefined;

  constructor(message: string, options: SandboxErrorOptions & { readonly report?: HostReport | undefined } = {}) {
    super("ERR_SANDBOX_UNSUPPORTED", message, options);
    this.report = options.report;
  }
}

/** `ERR_SANDBOX_LAYER`: one layer of the jail could not be set up. */
export class LayerError extends SandboxError {
  override readonly name = "LayerError";
  /** As the result lists it: `user`, `mount`, `landlock`, `seccomp`, ... */
  readonly layer: string;
  /** The errno of the step that failed, as a positive number. */
  readonly errno: number;

  constructor(message: string, options: SandboxErrorOptions & { readonly layer: string; readonly errno: number }) {
    super("ERR_SANDBOX_LAYER", message, options);
    this.layer = options.layer;
    this.errno = options.errno;
  }
}

/** Where in a policy something is wrong. Lines and columns count from 1. */
export interface PolicyLocation {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Dotted name, such as `limits.memory` or `filesystem.read[1]`. */
  readonly field?: string | undefined;
}

/** `ERR_SANDBOX_POLICY`: a policy that cannot be read or means nothing. */
export class PolicyError extends SandboxError implements PolicyLocation {
  override readonly name = "PolicyError";
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly field: string | undefined;

  constructor(message: string, options: SandboxErrorOptions & PolicyLocation = {}) {
    super("ERR_SANDBOX_POLICY", message, options);
    this.file = options.file;
    this.line = options.line;
    this.column = options.column;
    this.field = options.field;
  }
}
