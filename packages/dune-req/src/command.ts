/** The command `dune-req`, apart from the process it runs in. */
import type { Colors } from "picocolors/types.js";
import { version } from "../package.json";
import { parseArguments, USAGE, type Arguments } from "./args.js";
import { checkHost } from "./check-host.js";
import { DuneReqError } from "./errors.js";
import { runRepairs } from "./fix.js";
import type { HostProbe } from "./host.js";
import { renderExplanation, renderReport } from "./render.js";
import type { HostReport } from "./report.js";
import { requireTerminal, terminalIo } from "./terminal.js";

/** Exit statuses beyond those of `HostReport.exitCode`. */
export const EXIT_INTERNAL = 3;
/** EX_USAGE of sysexits.h. */
export const EXIT_USAGE = 64;

/** Where a command reads, writes and looks. */
export interface CommandIo {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly colors: Colors;
  /** The host to look at; default: this machine. */
  readonly probe?: HostProbe;
}

function look(args: Arguments, io: CommandIo): Promise<HostReport> {
  return checkHost({
    ...(args.engine === undefined ? {} : { engine: args.engine }),
    ...(io.probe === undefined ? {} : { probe: io.probe }),
    record: args.json && args.verbose,
  });
}

function explain(id: string, report: HostReport, args: Arguments, io: CommandIo): void {
  const check = report.checks.find((candidate) => candidate.id === id);
  if (check === undefined) {
    const topic = id.split(".")[0] ?? "";
    const near = report.checks.filter((candidate) => candidate.topic === topic);
    const ids = (near.length > 0 ? near : report.checks).map((candidate) => candidate.id).join(", ");
    throw new DuneReqError("ERR_REQ_UNKNOWN_CHECK", `no check is called '${id}'`, `it is one of: ${ids}`);
  }
  io.stdout.write(args.json ? `${JSON.stringify(check, null, 2)}\n` : renderExplanation(check, io.colors));
}

async function perform(args: Arguments, io: CommandIo): Promise<number> {
  if (args.help) {
    io.stdout.write(USAGE);
    return 0;
  }
  if (args.version) {
    io.stdout.write(`${version}\n`);
    return 0;
  }
  if (args.fix) requireTerminal(io.stdin, io.stdout);
  const report = await look(args, io);
  if (args.explain !== undefined) {
    explain(args.explain, report, args, io);
    return 0;
  }
  if (args.json) {
    io.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return report.exitCode;
  }
  io.stdout.write(renderReport(report, { colors: io.colors, verbose: args.verbose, engine: args.engine }));
  if (!args.fix) return report.exitCode;
  const after = await runRepairs(report, await terminalIo(() => look(args, io)), args.engine);
  return after.exitCode;
}

function complain(error: unknown, io: CommandIo): number {
  if (error instanceof DuneReqError) {
    io.stderr.write(`dune-req: ${error.message}\n  ${error.fix}\n`);
    return EXIT_USAGE;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`dune-req: internal error, please report it with the output of --verbose --json\n${detail}\n`);
  return EXIT_INTERNAL;
}

/** Run the command with `argv` (without the program's name); returns its exit status and never throws. */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await perform(parseArguments(argv), io);
  } catch (error) {
    return complain(error, io);
  }
}
