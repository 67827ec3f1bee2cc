/** Starting the native helper and talking to it over its descriptor 3. */

import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { accessSync, constants, fstatSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, pipeline } from "node:stream";
import type { Duplex, Readable } from "node:stream";
import { SandboxError } from "./errors.js";
import { packageRoot } from "./package-root.js";
import { encodePlan } from "./plan.js";
import type { JailPlan } from "./plan.js";
import { ReportReader } from "./wire.js";
import type { Report } from "./wire.js";

const CHANNEL = 3;
const CONTROL_SIGNAL = 1;

/** One of the standard streams, as `child_process.spawn` takes it. */
export type Stream = "pipe" | "inherit" | "ignore" | number;

/** The helper of one run. */
export interface Helper {
  readonly child: ChildProcess;
  /** What the program prints; kept until it is read, also when the program has long ended. Null if not piped. */
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Every report, in order; ends when the helper has ended. */
  readonly reports: AsyncIterable<Report>;
  /** Sends a signal to the program's process group; 9 ends everything inside. */
  signal(number: number): void;
  /** Tells it that its reports have been read, and that it may remove what the run had on the host. */
  dismiss(): void;
}

/** Path of the native helper; `DUNE_JAIL` overrides it. */
export function helperPath(): string {
  const path = process.env.DUNE_JAIL ?? join(packageRoot(), "prebuilds", "linux-x64", "dune-jail");
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new SandboxError("ERR_SANDBOX_START", `The native helper is not at ${path}; a source checkout has to build it first`, {
      cause,
      fix: "make -C packages/dune-sandbox/native",
    });
  }
  return path;
}

/** @throws {SandboxError} `ERR_SANDBOX_START` if there is no helper to start, `ERR_SANDBOX_OPTION` if a stream is a descriptor that is not open */
export function startHelper(plan: JailPlan, stdio: readonly [Stream, Stream, Stream]): Helper {
  stdio.forEach(requireOpen);
  const options: StdioOptions = [...stdio, "pipe"];
  // The helper needs no environment, and what it does not have it cannot leak.
  const child = spawn(helperPath(), [], { stdio: options, env: {} });
  const channel = child.stdio[CHANNEL] as Duplex;
  // A helper that failed has closed its end; its report or its exit says why.
  channel.on("error", () => undefined);
  channel.write(encodePlan(plan));
  return {
    child,
    stdout: kept(child.stdout),
    stderr: kept(child.stderr),
    reports: readReports(channel),
    signal(number) {
      if (channel.writable) channel.write(Buffer.from([CONTROL_SIGNAL, number]));
    },
    dismiss() {
      channel.end();
    },
  };
}

function requireOpen(stream: Stream): void {
  if (typeof stream !== "number") return;
  try {
    fstatSync(stream);
  } catch (cause) {
    throw new SandboxError("ERR_SANDBOX_OPTION", `stdio: descriptor ${stream} is not open`, { cause });
  }
}

/** Node throws away what nobody has read of a child's stream when the child exits; of a stream of our own it does not. */
function kept(source: Readable | null): Readable | null {
  if (source === null) return null;
  const stream = new PassThrough();
  pipeline(source, stream, () => undefined);
  return stream;
}

async function* readReports(channel: Duplex): AsyncGenerator<Report> {
  const reader = new ReportReader();
  for await (const chunk of channel) yield* reader.push(chunk as Buffer);
}
