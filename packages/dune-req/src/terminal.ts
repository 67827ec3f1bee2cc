/** The person at the terminal, for `--fix`. Prompts are loaded only when somebody is asked. */
import { spawn } from "node:child_process";
import { DuneReqError } from "./errors.js";
import type { Repair, RepairIo } from "./fix.js";
import type { HostReport } from "./report.js";

function runOnTerminal(command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], { stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (code) => { resolve(code ?? 1); });
  });
}

/** Refuses, with a clear line, where there is nobody to ask. */
export function requireTerminal(input: { isTTY?: boolean }, output: { isTTY?: boolean }): void {
  if (input.isTTY === true && output.isTTY === true) return;
  throw new DuneReqError(
    "ERR_REQ_NO_TERMINAL",
    "--fix asks before each command, and this is not a terminal",
    "list the commands instead with: dune-req --verbose",
  );
}

/** Questions and answers on this terminal. */
export async function terminalIo(recheck: () => Promise<HostReport>): Promise<RepairIo> {
  const prompts = await import("@clack/prompts");
  return {
    say: (text) => { prompts.log.message(text); },
    async ask({ check, fix }: Repair) {
      prompts.note(`${check.seen}\n${fix.text}\n\n$ ${fix.command}`, check.title);
      const answer = await prompts.confirm({ message: "Run this command?", initialValue: false });
      return prompts.isCancel(answer) ? null : answer;
    },
    run: runOnTerminal,
    recheck,
  };
}
