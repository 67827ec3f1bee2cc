import { spawnSync } from "node:child_process";

/**
 * Keeps every thread of this process, and with them each child it starts, on one CPU.
 *
 * The process is pinned, not the command: `taskset CPU command` would put the start
 * of one more program into every sample.
 *
 * @returns a function that restores what was before; undefined where taskset(1) is missing or refused
 */
export function pinTo(cpu: number): (() => void) | undefined {
  const before = /: ([0-9a-f,]+)\s*$/.exec(taskset("-p", String(process.pid)) ?? "")?.[1];
  if (before === undefined) return undefined;
  if (taskset("-a", "-c", "-p", String(cpu), String(process.pid)) === undefined) return undefined;
  return () => {
    taskset("-a", "-p", before, String(process.pid));
  };
}

function taskset(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("taskset", args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
