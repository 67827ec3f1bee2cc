/** A real terminal with somebody typing: `terminal.py` holds the pseudo-terminal, this drives it. */

import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { inject } from "vitest";
import { CLI, ROOT } from "./harness.js";
import type { RunOptions } from "./harness.js";

const SCRIPT = join(inject("scripts"), "terminal.py");
const PATIENCE = 15_000;

export class Terminal {
  /** The exit status of the command, as a shell would say it. */
  readonly exit: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;
  #output = "";
  /** How much of the output `expect` has passed. */
  #seen = 0;
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(command: readonly string[], options: Pick<RunOptions, "as" | "cwd" | "env"> & { readonly rows?: number; readonly columns?: number }) {
    const words = [SCRIPT, String(options.rows ?? 24), String(options.columns ?? 80), ...(options.as ?? ROOT).prefix, ...command];
    this.#child = spawn("/usr/bin/python3", words, {
      cwd: options.cwd,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", TERM: "xterm-256color", PS1: "$ ", ...options.env },
    });
    let stderr = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#wake();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    this.exit = new Promise((resolve, reject) => {
      this.#child.once("close", () => {
        this.#ended = true;
        this.#wake();
        const status = /\{"status": (\d+)\}\s*$/.exec(stderr)?.[1];
        if (status === undefined) reject(new Error(`terminal.py: ${stderr}`));
        else resolve(Number(status));
      });
    });
    // Whoever closes the terminal does not wait for a status.
    this.exit.catch(() => undefined);
  }

  /** Everything printed so far, with lines ended as text files have them. */
  get output(): string {
    return this.#output.replaceAll("\r\n", "\n");
  }

  type(text: string): void {
    this.#child.stdin.write(`${JSON.stringify({ type: text })}\n`);
  }

  resize(rows: number, columns: number): void {
    this.#child.stdin.write(`${JSON.stringify({ resize: [rows, columns] })}\n`);
  }

  /** Waits until something new that matches is printed. Returns the match. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const match = pattern.exec(this.#output.slice(this.#seen));
      if (match) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      if (Date.now() > deadline || this.#ended) throw new Error(`${String(pattern)} was not printed after:\n${this.output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  /** Ends the terminal, as closing its window does. */
  close(): void {
    this.#child.kill("SIGKILL");
  }
}

/** `dune-sandbox` with its arguments, as words for a terminal. */
export function sandboxCommand(args: readonly string[]): string[] {
  return [process.execPath, CLI, ...args];
}
