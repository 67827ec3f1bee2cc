/** What the nosy program says about itself. */

/** Everything that it tries, by the names that it prints. */
export const ATTEMPTS = ["secret", "token", "write", "connect", "lookup", "unshare", "summary"] as const;

export type AttemptName = (typeof ATTEMPTS)[number];

/** One thing that it tried. */
export interface Attempt {
  readonly name: AttemptName;
  readonly succeeded: boolean;
  /** In the program's words; safe to print. */
  readonly detail: string;
}

const LINE = /^([+-]) (\w+) +(.+)$/;

/** Reads its output: `+ name  what it got` or `- name  why it did not` on each line; everything else is left out. */
export function parseAttempts(output: string): Attempt[] {
  return output.split("\n").flatMap((line) => {
    const [, sign, word, detail = ""] = LINE.exec(line) ?? [];
    const name = ATTEMPTS.find((known) => known === word);
    return name === undefined ? [] : [{ name, succeeded: sign === "+", detail: printable(detail) }];
  });
}

/** The names of what succeeded. */
export function successes(attempts: readonly Attempt[]): AttemptName[] {
  return attempts.filter((attempt) => attempt.succeeded).map((attempt) => attempt.name);
}

/** What an untrusted program prints must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
