import { parseArgs } from "node:util";
import { KmodError } from "./errors.js";
import { formatStatus } from "./report.js";
import { moduleStatus } from "./status.js";
import { version } from "../package.json";

const USAGE = `Usage: dune-kmod status [--json]

Says whether the kernel module dune.ko is loaded, and what stands in the way of loading it.

  --json     the same as one JSON object
  --version  print the version
  --help     print this

Exit status: 0 the module is loaded and its device usable; 1 it is not; 2 wrong usage, or not Linux.`;

/** What a run of the command prints and ends with. */
export interface Outcome {
  readonly status: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `dune-kmod` with these arguments. */
export function runCommand(args: readonly string[]): Outcome {
  try {
    return dispatch(args);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    const fix = error.fix === undefined ? "" : ` (fix: ${error.fix})`;
    return { status: 2, stdout: "", stderr: `dune-kmod: ${error.message}${fix}\n` };
  }
}

function dispatch(args: readonly string[]): Outcome {
  const { values, positionals } = parse(args);
  if (values.help === true) return printed(0, USAGE);
  if (values.version === true) return printed(0, version);
  const [command, ...rest] = positionals;
  if (command === undefined) throw usage("a command is missing");
  if (command !== "status") throw usage(`there is no command ${JSON.stringify(command)}`);
  if (rest.length > 0) throw usage(`status takes no argument ${JSON.stringify(rest[0])}`);
  const status = moduleStatus();
  const ready = status.module.loaded && status.device.access === "usable";
  return printed(ready ? 0 : 1, values.json === true ? JSON.stringify(status, null, 2) : formatStatus(status));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): KmodError {
  return new KmodError("ERR_KMOD_USAGE", message, "dune-kmod --help");
}

function printed(status: Outcome["status"], text: string): Outcome {
  return { status, stdout: `${text}\n`, stderr: "" };
}
