/** What an overlay cannot do: copy a file up whose owner or group its user namespace has no id for (EOVERFLOW). */

import { statSync } from "node:fs";
import { SandboxError } from "./errors.js";
import { BIND } from "./plan.js";
import type { IdMap, MountPlan } from "./plan.js";
import { quote } from "./quote.js";

/** Owner and group of a directory. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Refuses a dry run in a directory of somebody else: most of what lies there could not be changed, and the
 * program would be told "Value too large for defined data type".
 *
 * @param ownerOf throws an `ErrnoException` as stat(2) does. Default: the host's file system
 * @throws {SandboxError} `ERR_SANDBOX_OPTION`
 */
export function refuseForeignOverlays(mounts: readonly MountPlan[], identity: IdMap, ownerOf: (path: string) => Owner = statSync): void {
  for (const mount of mounts) {
    if (mount.kind !== "bind" || (mount.flags & BIND.overlay) === 0) continue;
    const { uid, gid } = ownerOf(mount.source);
    const { user, group } = firstIds(identity, (mount.flags & BIND.idmap) !== 0);
    const known = (id: number, first: number): boolean => id >= first && id < first + identity.count;
    if (!known(uid, user)) throw foreign(mount.source, `user ${uid}`, `cp -r ${quote(mount.source)} <a copy of your own>`);
    if (!known(gid, group)) throw foreign(mount.source, `group ${gid}`, `chgrp -R ${group} ${quote(mount.source)}`);
  }
}

/** The first ids that a mount's files may have: through a mapped one the host's ids are taken for those inside. */
function firstIds({ insideUid, insideGid, outsideUid, outsideGid }: IdMap, idmapped: boolean): { readonly user: number; readonly group: number } {
  return idmapped ? { user: insideUid, group: insideGid } : { user: outsideUid, group: outsideGid };
}

function foreign(path: string, owner: string, fix: string): SandboxError {
  return new SandboxError(
    "ERR_SANDBOX_OPTION",
    `A dry run cannot keep the changes in ${quote(path)} apart: it belongs to ${owner}, which the sandbox's user namespace has no id for, so the kernel refuses to copy files there (EOVERFLOW)`,
    { fix },
  );
}
