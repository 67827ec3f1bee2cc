import { describe, expect, test } from "vitest";
import { SandboxError } from "./errors.js";
import { identityFor } from "./identity.js";
import { refuseForeignOverlays } from "./overlay.js";
import { BIND } from "./plan.js";
import type { IdMap } from "./plan.js";

const USER = identityFor(1000, 1000);
/** As root has it where the caller's own namespace has all ids. */
const ALL_IDS = "0 0 4294967295";
const ROOT = identityFor(0, 0, { uid: ALL_IDS, gid: ALL_IDS });

function check(identity: IdMap, flags: number, uid: number, gid: number): SandboxError | undefined {
  try {
    refuseForeignOverlays([{ kind: "bind", source: "/srv/w", target: "/srv/w", flags }], identity, () => ({ uid, gid }));
    return undefined;
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
}

describe("a dry run in a directory", () => {
  test("of one's own works", () => {
    expect(check(USER, BIND.overlay, 1000, 1000)).toBeUndefined();
  });

  test("of another group is refused, with the command that changes it", () => {
    expect(check(USER, BIND.overlay, 1000, 0)).toMatchObject({ code: "ERR_SANDBOX_OPTION", fix: "chgrp -R 1000 /srv/w", message: expect.stringContaining("group 0") as string });
  });

  test("of another user is refused", () => {
    expect(check(USER, BIND.overlay, 0, 1000)).toMatchObject({ code: "ERR_SANDBOX_OPTION", message: expect.stringContaining("user 0") as string });
  });

  test("is root's to do for all whose ids are mapped", () => {
    for (const id of [0, 1000, 0xffff]) expect(check(ROOT, BIND.overlay | BIND.idmap, id, id)).toBeUndefined();
    expect(check(ROOT, BIND.overlay | BIND.idmap, 0x1_0000, 0)?.message).toContain("user 65536");
    expect(check(ROOT, BIND.overlay, 0, 0)?.message).toContain("user 0");
  });

  test("matters only where there is an overlay", () => {
    expect(check(USER, BIND.readonly, 0, 0)).toBeUndefined();
    expect(check(USER, 0, 0, 0)).toBeUndefined();
  });
});
