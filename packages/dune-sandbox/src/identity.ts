/** Which user the program is, seen from the host: never kuid 0. */

import { readFileSync } from "node:fs";
import type { IdMap } from "./plan.js";

/** First of the ids that stand for the program's 0 to 65535 when the caller is root. Far above what distributions hand out. */
const FIRST_ID = 0x7000_0000;
const ID_COUNT = 0x1_0000;

/** One line of /proc/PID/uid_map: ids `inside`… of this namespace are `outside`… of the parent. */
interface IdRange {
  readonly inside: number;
  readonly count: number;
}

/** True if the program must run as somebody else than the caller. */
export function isRoot(uid: number): boolean {
  return uid === 0;
}

/**
 * An ordinary user stays itself. Root's program still sees itself as uid 0 and files with their owners,
 * but is an unprivileged user of the host (user_namespaces(7)).
 *
 * @param maps the caller's own /proc/self/uid_map and gid_map; a container may have few ids
 */
export function identityFor(uid: number, gid: number, maps: { readonly uid: string; readonly gid: string } = ownMaps()): IdMap {
  if (!isRoot(uid)) return { insideUid: uid, outsideUid: uid, insideGid: gid, outsideGid: gid, count: 1 };
  const users = spareRange(maps.uid);
  const groups = spareRange(maps.gid);
  return { insideUid: 0, outsideUid: users.inside, insideGid: 0, outsideGid: groups.inside, count: Math.min(users.count, groups.count) };
}

function ownMaps(): { uid: string; gid: string } {
  return { uid: readFileSync("/proc/self/uid_map", "utf8"), gid: readFileSync("/proc/self/gid_map", "utf8") };
}

/** Where the namespace has our range, that; else the highest id it has. */
function spareRange(map: string): IdRange {
  const ranges = map.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number)).map(([inside = 0, , count = 0]) => ({ inside, count }));
  if (ranges.some(({ inside, count }) => inside <= FIRST_ID && FIRST_ID + ID_COUNT <= inside + count)) return { inside: FIRST_ID, count: ID_COUNT };
  const last = ranges.reduce((a, b) => (a.inside + a.count > b.inside + b.count ? a : b));
  return { inside: last.inside + last.count - 1, count: 1 };
}
