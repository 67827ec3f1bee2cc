/**
 * Reading what the native probe prints: lines of `key=value`, the first one
 * `dune-probe=1`, the last one `done=1`. The text is checked, never trusted: it may
 * come from an old binary, a half-written pipe or a recorded host.
 */
import type { NativeRun } from "./host.js";

const FORMAT = "1";
const LINE = /^([a-z0-9._-]{1,64})=([\x20-\x7e]{0,256})$/;

/** Linux error numbers, as the probe reports them; the same on every Linux this runs on. */
const ERRNO: Readonly<Record<number, string>> = {
  1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 6: "ENXIO", 7: "E2BIG", 9: "EBADF", 10: "ECHILD",
  11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 16: "EBUSY", 17: "EEXIST", 19: "ENODEV", 20: "ENOTDIR",
  21: "EISDIR", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 25: "ENOTTY", 28: "ENOSPC", 30: "EROFS", 38: "ENOSYS",
  62: "ETIME", 71: "EPROTO", 75: "EOVERFLOW", 87: "EUSERS", 95: "EOPNOTSUPP", 110: "ETIMEDOUT",
};

/** The name of a Linux error number. */
export const errnoName = (number: number): string => ERRNO[number] ?? `errno ${number}`;

/** What one run of the probe found out. */
export class NativeFacts {
  constructor(
    private readonly values: ReadonlyMap<string, string>,
    /** Why the run is not complete, one line; null if it is. Facts printed before that still hold. */
    readonly trouble: string | null,
  ) {}

  text(key: string): string | undefined {
    return this.values.get(key);
  }

  /** A number; undefined if the probe did not get that far. */
  number(key: string): number | undefined {
    const text = this.values.get(key);
    return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  /** How a step ended: 0 for success, else its errno; undefined if it was never reached. */
  step(name: string): number | undefined {
    return this.number(`step.${name}`);
  }

  /** The name of a failed step's errno. */
  failure(name: string): string | undefined {
    const errno = this.step(name);
    return errno === undefined || errno === 0 ? undefined : errnoName(errno);
  }
}

function troubleOf(run: NativeRun, values: ReadonlyMap<string, string>): string | null {
  if (run.error === "ENOENT") return "the native probe is not built";
  if (run.error !== null) return `the native probe could not be started (${run.error})`;
  const at = values.get("at");
  const where = at === undefined ? "" : ` in step "${at}"`;
  if (run.signal === "SIGALRM" || run.signal === "SIGKILL") return `the native probe ran out of time${where}`;
  if (run.signal !== null) return `the native probe was ended by ${run.signal}${where}`;
  if (values.get("dune-probe") !== FORMAT) return "the native probe speaks another version's language";
  if (values.get("done") !== "1") return `the native probe stopped early${where}`;
  return null;
}

/** Parse one run. Lines that are not of the format are ignored; of a repeated key the last counts. */
export function parseNative(run: NativeRun): NativeFacts {
  const values = new Map<string, string>();
  for (const line of run.stdout.split("\n")) {
    const match = LINE.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], match[2]);
  }
  return new NativeFacts(values, troubleOf(run, values));
}
