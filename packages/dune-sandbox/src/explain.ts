/**
 * Why something was refused, and how to allow it.
 *
 * The jail reports attempts that no rule covers. Most programs make many that would have failed
 * outside, too: looking for a module in ten directories is no denial. So a report becomes a `Denial`
 * only if the caller could have done the same on the host.
 */

import type { Denial, RawDenial } from "./denial.js";
import { errnoName } from "./errno.js";
import { explainAddress } from "./explain-address.js";
import { explainPath, type Attempt } from "./explain-path.js";
import type { ExplainContext, Explanation } from "./explanation.js";
import { ACCESS } from "./landlock.js";
import { decodeAddress } from "./sockaddr.js";
import type { Syscall } from "./syscalls/syscall.js";
import { syscallByNumber } from "./syscalls/table.js";

export type { ExplainContext } from "./explanation.js";

/** The rights that decide what a report is about. */
const CONTENT = ACCESS.READ_FILE | ACCESS.WRITE_FILE | ACCESS.EXECUTE;

/**
 * Turns a report of the jail into a denial; undefined if the policy has nothing to do with it.
 *
 * @param time milliseconds since the run started
 */
export function explain(raw: RawDenial, context: ExplainContext, time: number): Denial | undefined {
  const row = syscallByNumber(raw.number);
  if (row === undefined) return undefined;
  const explanation = explainRow(row, raw, context);
  if (explanation === undefined) return undefined;
  const errno = raw.error === 0 ? {} : { errno: errnoName(raw.error) };
  return { ...explanation, ...errno, syscall: row.name, pid: raw.pid, count: 1, time };
}

/** Explains a host name that the sandbox's resolver refused (`REPORT_LOOKUP`). */
export function explainLookup(name: string, { policy }: ExplainContext, time: number): Denial | undefined {
  const host = name.replace(/\.$/, "");
  // Asking for the name of an address is what servers do for their logs; nothing depends on it.
  if (host === "" || /\.arpa$/i.test(host)) return undefined;
  const known = policy.network.allow.some((endpoint) => endpoint.host.toLowerCase() === host.toLowerCase());
  if (known || policy.network.mode === "host") return undefined;
  const rule = policy.network.allow.length === 0
    ? "default policy: no network"
    : "default policy: only the hosts of --allow-net have a name";
  // The name alone does not say which port was meant; 443 is what it nearly always is.
  const destination = `${host}:443`;
  const plain = /^[a-z0-9._-]{1,253}$/i.test(host);
  const grant = plain ? { allow: `--allow-net ${destination}`, input: { network: { allow: [destination] } } } : {};
  return { kind: "lookup", syscall: "lookup", address: host, pid: 0, rule, ...grant, count: 1, time };
}

function explainRow(row: Syscall, raw: RawDenial, context: ExplainContext): Explanation | undefined {
  const address = raw.address === undefined ? undefined : decodeAddress(raw.address);
  if (address !== undefined) return explainAddress(row.name, address, raw.path, context);
  if (raw.path !== "" || raw.path2 !== "") return explainPaths(row, raw, context);
  return raw.error === 0 ? undefined : explainRefusal(row, raw, context);
}

/** Refused by the filter, whatever files or addresses it may be about. */
function explainRefusal(row: Syscall, raw: RawDenial, { policy }: ExplainContext): Explanation | undefined {
  if (row.report === "never") return undefined;
  const rule = `system calls: ${row.name} ${row.reason ?? "is not allowed"}`;
  if (row.name === "socket" && isInternet(raw)) {
    // Allowing the call would open the whole of the host's network.
    const why = policy.network.mode === "none" ? "default policy: no network" : rule;
    return { kind: "syscall", rule: why };
  }
  const allow = `--allow-syscall ${row.name}`;
  // What is only a probe is shown, but does not belong in a learnt policy.
  const input = row.report === "all" ? {} : { input: { syscalls: { allow: [row.name] } } };
  return { kind: "syscall", rule, allow, ...input };
}

function isInternet({ args }: RawDenial): boolean {
  const [AF_INET, AF_INET6] = [2n, 10n];
  const family = (args[0] ?? 0n) & 0xffff_ffffn;
  return family === AF_INET || family === AF_INET6;
}

function explainPaths(row: Syscall, raw: RawDenial, context: ExplainContext): Explanation | undefined {
  if (raw.access === 0 && raw.access2 === 0) {
    const attempt = raw.error === 0 ? undefined : attemptByPermission(row, raw);
    return attempt && explainPath(attempt, context);
  }
  const first = raw.access === 0 ? undefined : explainPath(attemptOn(row, raw.path, raw.access), context);
  if (first !== undefined || raw.access2 === 0) return first;
  return explainPath(attemptOn(row, raw.path2, raw.access2), context);
}

function attemptOn({ name, watch }: Syscall, path: string, access: number): Attempt {
  const opens = watch?.openflags !== undefined || name === "creat";
  const entry = (access & CONTENT) === 0 && !opens;
  const looks = watch?.level === "all" && watch.access === ACCESS.READ_FILE;
  // Changing mode, owner, times or attributes is for the owner, whatever the mode says.
  const owner = !opens && !entry && name !== "truncate" && (access & ACCESS.WRITE_FILE) !== 0;
  const replaces = name.startsWith("rename");
  return { path, access, entry, opens, looks, owner, replaces };
}

/** The policy grants it, but the file's own permissions do not: what was tried says the call alone. */
function attemptByPermission(row: Syscall, raw: RawDenial): Attempt | undefined {
  const O_ACCMODE = 3n;
  const { watch } = row;
  if (watch?.openflags !== undefined) {
    const reads = ((raw.args[watch.openflags] ?? 0n) & O_ACCMODE) === 0n;
    return attemptOn(row, raw.path, reads ? ACCESS.READ_FILE : ACCESS.WRITE_FILE);
  }
  const access = (watch?.access ?? 0) & (ACCESS.WRITE_FILE | ACCESS.EXECUTE);
  // The others ask for something else than the permission that was looked at.
  return ["execve", "execveat", "creat", "truncate"].includes(row.name) ? attemptOn(row, raw.path, access) : undefined;
}
