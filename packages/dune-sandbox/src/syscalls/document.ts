/** The table as documentation: `docs/sandbox-syscalls.md` is what this returns. */

import { errnoName } from "../errno.js";
import type { Case, Syscall, Test, Verdict } from "./syscall.js";
import { SYSCALLS } from "./table.js";

const HEAD = `# System calls in the sandbox

Made from the table in \`packages/dune-sandbox/src/syscalls\`; after a change there, run
\`npx vitest run src/syscalls/document.test.ts -u\` in \`packages/dune-sandbox\`.

The table is a list of what is allowed. A call that is not in it, or that is newer than it, does not
exist for the program: it gets ENOSYS. So does every 32-bit (i386) and x32 call. \`--allow-syscall NAME\`
(in a policy: \`syscalls.allow\`) allows a call whatever its arguments.

A refusal is reported with the flag that would lift it. Marked * are calls that programs only try before
they take another way; these refusals are reported with \`--explain all\`. Marked ** are never reported.`;

const NEEDS = { network: "there is a network", ipc: "there is an IPC namespace" } as const;

const WATCHED_HEAD = `## Allowed, and watched to explain what the kernel refuses

The kernel decides about these by mounts, Landlock and permissions. The supervisor looks at their
arguments only to say which rule was missing. "all": only with \`--explain all\`.

| call | number | watched |
|---|---:|---|`;

/** The whole document, as Markdown. */
export function documentTable(): string {
  const plain = SYSCALLS.filter((row) => constantOf(row) === "allow" && row.watch === undefined);
  const conditional = SYSCALLS.filter((row) => row.action.cases.length > 0);
  const watched = SYSCALLS.filter((row) => row.watch !== undefined && constantOf(row) === "allow");
  const refused = SYSCALLS.filter((row) => isRefused(constantOf(row)));
  return [
    HEAD,
    `## Allowed (${plain.length})\n\n${plain.map((row) => row.name).sort().join(", ")}`,
    `${WATCHED_HEAD}\n${watched.map((row) => `| ${row.name} | ${row.number} | ${row.watch?.level === "all" ? "all" : "always"} |`).join("\n")}`,
    `## By argument\n\nThe first condition that holds decides. Bits and values are of the low half of an argument, arguments\ncounted from 0. A network is a network namespace, or the host's network where the policy grants it.\n\n${sections(conditional)}`,
    `## Refused\n\n| call | number | errno | it |\n|---|---:|---|---|\n${refused.map(refusedRow).join("\n")}`,
  ].join("\n\n") + "\n";
}

/** The verdict of a call that does not depend on its arguments. */
function constantOf({ action }: Syscall): Verdict | undefined {
  return action.cases.length === 0 ? action.otherwise : undefined;
}

function isRefused(verdict: Verdict | undefined): verdict is { readonly errno: number } {
  return verdict !== undefined && verdict !== "allow";
}

function refusedRow(row: Syscall): string {
  const mark = row.report === undefined ? "" : row.report === "all" ? "*" : "**";
  return `| ${row.name}${mark} | ${row.number} | ${verdictText(row.action.otherwise)} | ${row.reason ?? ""} |`;
}

/** Calls with the same conditions share a section. */
function sections(rows: readonly Syscall[]): string {
  const groups = new Map<string, Syscall[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.action, row.reason]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map(section).join("\n\n");
}

function section(rows: readonly Syscall[]): string {
  const names = rows.map(({ name, number }) => `${name} (${number})`).join(", ");
  const { reason = "", action: { cases, otherwise } } = rows[0] ?? { action: { cases: [], otherwise: "allow" } };
  return `### ${names}\n\n${rows.length === 1 ? "The call" : "Each"} ${reason}.\n\n${[...cases.map(caseText), `- else: ${verdictText(otherwise)}`].join("\n")}`;
}

function caseText({ tests, verdict, needs }: Case): string {
  const conditions = [...(needs === undefined ? [] : [NEEDS[needs]]), ...tests.map(testText)];
  return `- if ${conditions.join(", and ")}: ${verdictText(verdict)}`;
}

function testText({ arg, mask, is }: Test): string {
  const whole = mask === 0xffff_ffff;
  if (is === "any") return `argument ${arg} has a bit of ${hex(mask)}`;
  if (is.length === 1 && is[0] === 0 && !whole) return `argument ${arg} has no bit of ${hex(mask)}`;
  const bits = whole ? `argument ${arg}` : `argument ${arg} masked with ${hex(mask)}`;
  return `${bits} is ${is.map(hex).join(", ").replace(/, ([^,]*)$/, " or $1")}`;
}

function verdictText(verdict: Verdict): string {
  return verdict === "allow" ? "allowed" : errnoName(verdict.errno);
}

function hex(value: number): string {
  return value < 10 ? String(value) : `0x${value.toString(16)}`;
}
