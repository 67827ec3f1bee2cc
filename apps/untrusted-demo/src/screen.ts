/** What the demo prints: headings, the program's attempts, refusals, and promises kept or broken. */

import { createColors } from "picocolors";
import type { Attempt } from "./attempt.js";
import type { Refusal } from "./refusal.js";

/** Whether to colour what goes to `stream`: it is a terminal, and NO_COLOR (no-color.org) is not set. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

const NAME_WIDTH = 8;

export class Screen {
  readonly colours: ReturnType<typeof createColors>;
  readonly #write: (text: string) => void;
  #step = 0;

  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write;
    this.colours = createColors(colour);
  }

  line(text = ""): void {
    this.#write(text === "" ? "\n" : `  ${text}\n`);
  }

  /** The next step, and the command that a user would type for it. */
  step(title: string, command?: string): void {
    const { bold, cyan } = this.colours;
    this.#step += 1;
    this.#write(`\n${bold(`${this.#step}. ${title}`)}\n`);
    if (command !== undefined) this.line(cyan(`$ ${command}`));
  }

  /** In the program's own words: red is what nobody wanted. */
  attempts(attempts: readonly Attempt[]): void {
    const { red, green, dim } = this.colours;
    for (const { name, succeeded, detail } of attempts) {
      const honest = name === "summary";
      const paint = succeeded === honest ? green : red;
      this.line(`${paint(succeeded ? "+" : "-")} ${name.padEnd(NAME_WIDTH)} ${succeeded ? detail : dim(detail)}`);
    }
  }

  /** The rule that refused each, and the flag that would allow it. */
  refusals(refusals: readonly Refusal[]): void {
    const { green, dim } = this.colours;
    for (const { name, rule, allow } of refusals) {
      this.line(`${name.padEnd(NAME_WIDTH)}   ${dim(rule)}`);
      this.line(`${"".padEnd(NAME_WIDTH)}   allow: ${green(allow)}`);
    }
  }

  promise(text: string, kept: boolean): void {
    const { red, green } = this.colours;
    this.line(kept ? `${green("✔")} ${text}` : `${red("✖")} ${text}: ${red("NOT SO")}`);
  }
}
