#!/usr/bin/env node
/** `dune-sandbox [options] PROGRAM [arguments...]` */

import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { formatChanges } from "./changes.js";
import { checkEncoding } from "./encoding.js";
import { EXIT, SandboxError } from "./errors.js";
import { learn, saveLearned } from "./learn.js";
import { parseCommand } from "./options.js";
import type { CliOptions } from "./options.js";
import { packageRoot } from "./package-root.js";
import type { PolicyLayer } from "./policy/input.js";
import { readPolicyFile } from "./policy/parse.js";
import { describePolicy, writePolicy } from "./policy/write.js";
import { currentDirectory, resolvePolicy } from "./prepare.js";
import { resolveProgram } from "./program.js";
import { printable, quote } from "./quote.js";
import { formatDenials, formatLayers, formatLimit, formatSockets, jsonLine, wantsColour } from "./report.js";
import type { SandboxResult } from "./result.js";
import { Sandbox } from "./sandbox.js";
import type { LayeredOptions } from "./sandbox.js";
import { signalNumber } from "./signals.js";
import { usage } from "./usage.js";

/** Signals that a shell or a service manager sends to us and means for the program. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** What a round of learning prints is kept up to here, and the last round's is shown. */
const MOST_OUTPUT = 1 << 20;

const reportOptions = { colour: wantsColour(process.stderr, process.env), columns: process.stderr.isTTY ? process.stderr.columns : 80 };

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  checkEncoding(argv, commandLine());
  const command = parseCommand(argv, currentDirectory());
  switch (command.kind) {
    case "help":
      print(1, usage());
      return 0;
    case "version":
      print(1, `${version()}\n`);
      return 0;
    case "show-policy":
      print(1, showPolicy(command.options));
      return 0;
    case "run":
      return command.options.learn === undefined ? run(command.options) : learnPolicy(command.options, command.options.learn);
  }
}

/** A terminal's or pipe's reader may be gone; that is no reason to fail. */
function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, text);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "EAGAIN"))) throw error;
  }
}

function commandLine(): Uint8Array {
  return process.platform === "linux" ? readFileSync("/proc/self/cmdline") : new Uint8Array();
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
}

function layersOf({ policyFile, layer }: Pick<CliOptions, "policyFile" | "layer">): PolicyLayer[] {
  return [...(policyFile === undefined ? [] : [readPolicyFile(policyFile, currentDirectory())]), layer];
}

function showPolicy(options: Pick<CliOptions, "policyFile" | "layer"> & { readonly program?: string | undefined }): string {
  const cwd = currentDirectory();
  const program = options.program === undefined ? undefined : resolveProgram(options.program, { cwd, path: process.env.PATH });
  const { input, comments } = describePolicy(resolvePolicy({ layers: layersOf(options), cwd, env: process.env, program }));
  return writePolicy(input, { comments });
}

async function run(options: CliOptions): Promise<number> {
  const layers = layersOf(options);
  await using box = await Sandbox.spawnLayered(options.program, options.args, {
    layers,
    stdio: "inherit",
    terminal: options.tty ?? true,
    ...commonOptions(options),
  });
  forwardSignals(box);
  if (options.json) print(2, jsonLine({ event: "start", pid: box.pid, protection: box.protection }));
  const events = options.json ? printEvents(box) : undefined;
  const result = await box.exit;
  await events;
  reportEnd(options, result);
  return statusOf(result);
}

function commonOptions(options: CliOptions): Omit<LayeredOptions, "layers"> {
  return { engine: options.engine, bestEffort: options.bestEffort, dryRun: options.dryRun, explain: options.explain };
}

function forwardSignals(box: Sandbox): void {
  for (const signal of FORWARDED) process.on(signal, () => { box.kill(signal); });
}

async function printEvents(box: Sandbox): Promise<void> {
  for await (const denial of box.events) print(2, jsonLine({ event: "denial", ...denial }));
}

function reportEnd({ json, quiet, dryRun }: CliOptions, result: SandboxResult): void {
  if (json) {
    print(2, jsonLine({ event: "exit", status: statusOf(result), ...result }));
    return;
  }
  const { limit, denials, dropped, changes, protection } = result;
  const lines = [
    formatLayers(protection.layers, protection.missing, reportOptions),
    quiet ? "" : formatSockets(protection.sockets, reportOptions),
    quiet ? "" : formatDenials(denials, dropped, reportOptions),
    limit === undefined ? "" : formatLimit(limit.limit, limit.bound, reportOptions),
    dryRun ? formatChanges(changes) : "",
  ];
  print(2, lines.join(""));
}

function statusOf({ code, signal, limit }: SandboxResult): number {
  if (limit !== undefined) return EXIT.limit;
  return signal === undefined ? (code ?? EXIT.failure) : EXIT.signal + signalNumber(signal);
}

async function learnPolicy(options: CliOptions, file: string): Promise<number> {
  const input = process.stdin.isTTY ? undefined : await readInput();
  let output: Output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const learned = await learn(layersOf(options), async (layers) => {
    await using box = await Sandbox.spawnLayered(options.program, options.args, { layers, ...commonOptions(options), dryRun: true, explain: "all" });
    forwardSignals(box);
    box.stdin?.on("error", () => undefined).end(input);
    const [stdout, stderr, result] = await Promise.all([collect(box.stdout), collect(box.stderr), box.exit]);
    output = { stdout, stderr };
    return result;
  }, currentDirectory());
  process.stdout.write(output.stdout);
  process.stderr.write(output.stderr);
  saveLearned(file, learned, options.program);
  const { rounds, result } = learned;
  print(2, `dune-sandbox: learnt in ${rounds} ${rounds === 1 ? "round" : "rounds"}, nothing was changed; now review ${quote(file)}, then: dune-sandbox -p ${quote(file)} ${quote(options.program)}\n`);
  if (!options.quiet) print(2, formatDenials(result.denials, result.dropped, reportOptions));
  return statusOf(result);
}

interface Output {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    if (size < MOST_OUTPUT) chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks);
}

function explainError(error: unknown): number {
  if (!(error instanceof SandboxError)) throw error;
  const fix = error.fix === undefined ? "" : `\n  try: ${printable(error.fix)}`;
  print(2, `dune-sandbox: ${error.message}${fix}\n`);
  return error.exitCode;
}

process.exitCode = await main().catch(explainError);
