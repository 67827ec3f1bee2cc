/** The command line: what it accepts, and what it says about itself. */
import { parseArgs } from "node:util";
import { DuneReqError } from "./errors.js";
import { ENGINES, type Engine } from "./report.js";

export interface Arguments {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly fix: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly engine?: Engine;
  readonly explain?: string;
}

export const USAGE = `Usage: dune-req [options]

Find out which isolation engines work on this host, by using them.

  --engine <name>   judge one engine alone: dune, kvm or process
  --explain <id>    why a check matters, what it saw here, and how to fix it
  --fix             go through the fixes: show each command, ask, run it, check again
  --json            print the report as JSON (schema/host-report.json describes it)
  --verbose         every check with its id and reason; with --json also everything read
  --help, --version

Exit status: 0 a VM engine is usable; 1 only the process engine, or a VM engine with
limits; 2 nothing is usable; 3 internal error; 64 wrong command line. With --engine:
0 usable, 1 with limits, 2 unusable.
`;

const OPTIONS = {
  engine: { type: "string" },
  explain: { type: "string" },
  fix: { type: "boolean" },
  json: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

const usageError = (message: string, cause?: unknown): DuneReqError =>
  new DuneReqError("ERR_REQ_USAGE", message, "see the options with: dune-req --help", { cause });

const isEngine = (name: string): name is Engine => (ENGINES as readonly string[]).includes(name);

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's message goes on to explain `--`, which has no meaning here.
    const message = error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
    throw usageError(message, error);
  }
}

/** Parse the arguments after the program's name. Throws `ERR_REQ_USAGE`. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [stray] = positionals;
  if (stray !== undefined) throw usageError(`unexpected argument '${stray}'`);
  if (values.fix === true && values.json === true) throw usageError("--fix asks questions, and --json cannot be answered: use one of them");
  const { engine, explain } = values;
  if (engine !== undefined && !isEngine(engine)) {
    throw usageError(`unknown engine '${engine}': it is one of ${ENGINES.join(", ")}`);
  }
  return {
    json: values.json ?? false,
    verbose: values.verbose ?? false,
    fix: values.fix ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
    ...(engine === undefined ? {} : { engine }),
    ...(explain === undefined ? {} : { explain }),
  };
}
