/** What the caller of the sandbox could do on the host, so that only the sandbox's own refusals are explained. */

import { accessSync, constants, readFileSync, statSync } from "node:fs";

export interface HostFile {
  readonly directory: boolean;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
}

/** The host's files as the caller sees them. */
export interface HostView {
  /** The caller's effective user id. */
  readonly uid: number;
  /** What is at `path`, links followed; undefined if there is nothing that the caller could find. */
  stat(path: string): HostFile | undefined;
  /** Whether the caller could do this without a sandbox. */
  access(path: string, mode: "read" | "write" | "exec"): boolean;
  /** Whether a TCP server of the host listens on this port. */
  listens(port: number): boolean;
}

const MODE = { read: constants.R_OK, write: constants.W_OK, exec: constants.X_OK } as const;

/** The files of this host. */
export const hostView: HostView = {
  uid: process.geteuid?.() ?? 0,
  stat(path) {
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat && { directory: stat.isDirectory(), mode: stat.mode & 0o7777, uid: stat.uid };
    } catch {
      return undefined;
    }
  },
  access(path, mode) {
    try {
      accessSync(path, MODE[mode]);
      return true;
    } catch {
      return false;
    }
  },  listens(port) {
    // proc_net_tcp.rst: "sl: local_address remote_address st", the port in hexadecimal, state 0A is LISTEN.
    const entry = new RegExp(`^\\s*\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, "0")} [0-9A-F]+:0000 0A `, "m");
    return ["/proc/net/tcp", "/proc/net/tcp6"].some((file) => entry.test(readOrEmpty(file)));
  },
};

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
