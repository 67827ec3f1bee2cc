/** What the caller of the sandbox could do on the host, so that only the sandbox's own refusals are explained. */

import { accessSync, constants, statSync } from "node:fs";

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
  },
};
