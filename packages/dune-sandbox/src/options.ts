import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { SandboxError } from "./errors.js";
import { FLAGS } from "./flags.js";
import type { Flag } from "./flags.js";
import type { FieldPath, PolicyLayer } from "./policy/input.js";
import { checkPolicy } from "./policy/problem.js";
import { policyFileSchema } from "./policy/schema.js";
import { suggest } from "./policy/suggest.js";
import { quote } from "./quote.js";

const EXPLAIN = ["default", "all", "none"] as const;
const ENGINES = ["auto", "process"] as const;
/** Engines that the project has and this version of the sandbox has not. */
const LATER_ENGINES = ["kvm", "dune"];

/** How much is supervised to explain denials. */
export type Explain = (typeof EXPLAIN)[number];

/** A parsed command line. */
export interface CliOptions {
  /** The program as typed. */
  readonly program: string;
  readonly args: readonly string[];
  /** `--policy FILE`, as typed. */
  readonly policyFile?: string | undefined;
  /** What the policy flags say, each with its flag as origin. */
  readonly layer: PolicyLayer;
  readonly engine: (typeof ENGINES)[number];
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

/** One flag as it was given. */
interface Given {
  readonly flag: Flag;
  /** Empty for a switch. */
  readonly value: string;
}

/**
 * Reads a command line: options up to the first word that is none (or `--`), then the program and its arguments.
 *
 * @param argv without the interpreter and the script
 * @param cwd what relative paths in flags start from
 * @throws {SandboxError} `ERR_SANDBOX_OPTION`
 */
export function parseCommand(argv: readonly string[], cwd: string): Command {
  const { given, rest: [program, ...args] } = split(argv);
  const has = (name: string) => given.some(({ flag }) => flag.name === name);
  const valueOf = (name: string) => given.find(({ flag }) => flag.name === name)?.value;
  if (has("help")) return { kind: "help" };
  if (has("version")) return { kind: "version" };
  refuseRepetition(given);
  if (has("tty") && has("no-tty")) throw optionError("--tty and --no-tty contradict each other");
  const options = {
    args,
    policyFile: valueOf("policy"),
    layer: policyOf(given, cwd),
    engine: engineOf(valueOf("engine")),
    bestEffort: has("best-effort"),
    json: has("json"),
    learn: valueOf("learn"),
    dryRun: has("dry-run"),
    explain: choice("explain", valueOf("explain") ?? "default", EXPLAIN),
    quiet: has("quiet"),
    tty: has("tty") ? true : has("no-tty") ? false : undefined,
  };
  if (has("show-policy")) return { kind: "show-policy", options: { ...options, program } };
  if (program === undefined) throw optionError("There is no program to run", "dune-sandbox --help");
  if (program === "") throw optionError("The program's name is empty");
  return { kind: "run", options: { ...options, program } };
}

/** Cuts the command line at the first word that is not an option. */
function split(argv: readonly string[]): { given: Given[]; rest: readonly string[] } {
  const options: ParseArgsConfig["options"] = {};
  for (const { name, short, value } of FLAGS.values()) {
    options[name] = { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) };
  }
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given: Given[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") return { given, rest: argv.slice(token.index) };
    if (token.kind === "option-terminator") return { given, rest: argv.slice(token.index + 1) };
    given.push(readFlag(token));
  }
  return { given, rest: [] };
}

function readFlag({ name, rawName, value, inlineValue }: { name: string; rawName: string; value?: string | undefined; inlineValue?: boolean | undefined }): Given {
  const flag = FLAGS.get(name);
  if (flag === undefined) throw unknownFlag(rawName);
  if (flag.value === undefined) {
    if (value !== undefined) throw optionError(`${rawName} takes no value, but was given ${quote(value)}`);
    return { flag, value: "" };
  }
  if (value === undefined || value === "") throw optionError(`${rawName} needs a value: ${rawName} ${flag.value}`);
  // `--read --write x` is a forgotten value far more often than a file called --write.
  if (inlineValue !== true && value.startsWith("-")) {
    throw optionError(`${rawName} needs a value, but ${quote(value)} follows; if that is the value, write ${rawName}=${quote(value)}`);
  }
  if (value.includes("\0")) throw optionError(`${rawName} ${quote(value)} contains a NUL character`);
  return { flag, value };
}

function unknownFlag(rawName: string): SandboxError {
  const near = suggest(rawName.replace(/^-+/, ""), FLAGS.keys());
  const hint = near === undefined ? "the program's own options go after the program" : `did you mean --${near}?`;
  return optionError(`There is no option ${quote(rawName)}; ${hint}`, "dune-sandbox --help");
}

/** A later value that silently replaced an earlier, narrower one would be a hole. */
function refuseRepetition(given: readonly Given[]): void {
  const seen = new Set<string>();
  for (const { flag: { name, value, repeat } } of given) {
    if (value !== undefined && repeat !== true && seen.has(name)) throw optionError(`--${name} is given twice`);
    seen.add(name);
  }
}

/** The flags with a policy field, as a policy: checked by the same schema as a file. */
function policyOf(given: readonly Given[], cwd: string): PolicyLayer {
  const draft: Record<string, unknown> = {};
  const flags = new Map<string, string>();
  for (const { flag, value } of given) {
    if (flag.field === undefined) continue;
    const field = place(draft, flag, value);
    flags.set(JSON.stringify(field), `--${flag.name} ${quote(value)}`);
  }
  const flagAt = (field: FieldPath) => flags.get(JSON.stringify(field)) ?? "the command line";
  const checked = checkPolicy(policyFileSchema, draft);
  if ("problems" in checked) {
    const [{ field, message }] = checked.problems;
    throw optionError(`${flagAt(field)} ${message}`);
  }
  return { input: checked.input, base: cwd, optional: false, origin: (field) => ({ kind: "flag", flag: flagAt(field) }) };
}

/** Puts a flag's value where the policy has it; returns that place. */
function place(draft: Record<string, unknown>, flag: Flag, value: string): FieldPath {
  const [section = "", name] = flag.field ?? [];
  if (name === undefined) return [section, append(draft, section, value)];
  const table = (draft[section] ??= {}) as Record<string, unknown>;
  const equals = value.indexOf("=");
  if (flag.name === "env" && equals !== -1) {
    const variable = value.slice(0, equals);
    const set = (table.set ??= {}) as Record<string, unknown>;
    Object.defineProperty(set, variable, { value: value.slice(equals + 1), enumerable: true, configurable: true });
    return [section, "set", variable];
  }
  const typed = /^\d+$/.test(value) && ["listen", "processes", "files"].includes(flag.name) ? Number(value) : value;
  if (flag.repeat === true) return [section, name, append(table, name, typed)];
  table[name] = typed;
  return [section, name];
}

function append(table: Record<string, unknown>, name: string, value: unknown): number {
  const list = (table[name] ??= []) as unknown[];
  return list.push(value) - 1;
}

function engineOf(value = "auto"): CliOptions["engine"] {
  if (LATER_ENGINES.includes(value)) throw optionError(`--engine ${value} is not in this version; the sandbox runs on the process engine`, "--engine process");
  return choice("engine", value, ENGINES);
}

function choice<const Name extends string>(flag: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  const near = suggest(value, names);
  throw optionError(`--${flag} ${quote(value)} must be one of ${names.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function optionError(message: string, fix?: string): SandboxError {
  return new SandboxError("ERR_SANDBOX_OPTION", message, { fix });
}
