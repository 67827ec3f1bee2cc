import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identityFor, isRoot } from "./identity.js";

/** /proc/PID/uid_map of a host that is no container. */
const WHOLE = "         0          0 4294967295\n";
const map = (...ranges: readonly (readonly [inside: number, outside: number, count: number])[]): string =>
  ranges.map((range) => range.map((number) => String(number).padStart(10)).join(" ")).join("\n") + "\n";

test("an ordinary user is itself, inside and outside", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 0xffff_fffe }), fc.nat(0xffff_fffe), (uid, gid) => {
    expect(identityFor(uid, gid, { uid: WHOLE, gid: WHOLE })).toEqual({ insideUid: uid, outsideUid: uid, insideGid: gid, outsideGid: gid, count: 1 });
  }));
});

test("only uid 0 is root", () => {
  expect([isRoot(0), isRoot(1), isRoot(65_534)]).toEqual([true, false, false]);
});

describe("root's program", () => {
  test("sees itself as root with a system's worth of ids, and is nobody's user on the host", () => {
    const { insideUid, insideGid, outsideUid, outsideGid, count } = identityFor(0, 0, { uid: WHOLE, gid: WHOLE });
    expect({ insideUid, insideGid, count }).toEqual({ insideUid: 0, insideGid: 0, count: 65_536 });
    // Above what useradd, subuid and systemd hand out (systemd: UIDS-GIDS.md, up to 0x6FFFFFFF).
    expect(outsideUid).toBeGreaterThanOrEqual(0x7000_0000);
    expect(outsideGid).toBeGreaterThanOrEqual(0x7000_0000);
    expect(outsideUid + count).toBeLessThan(2 ** 31);
  });

  test("is the last id of a container that has few", () => {
    expect(identityFor(0, 0, { uid: map([0, 100_000, 65_536]), gid: map([0, 100_000, 65_536]) })).toEqual({ insideUid: 0, outsideUid: 65_535, insideGid: 0, outsideGid: 65_535, count: 1 });
    expect(identityFor(0, 0, { uid: map([0, 1000, 1], [1, 100_000, 5000]), gid: map([0, 1000, 1]) })).toMatchObject({ outsideUid: 5000, outsideGid: 0, count: 1 });
  });

  test("only ever gets ids that its namespace has, users and groups alike", () => {
    const range = fc.tuple(fc.nat(0x7fff_ffff), fc.nat(0xffff), fc.integer({ min: 1, max: 0x8000_0000 }));
    const maps = fc.array(range, { minLength: 1, maxLength: 4 }).map((ranges) => ({ ranges, text: map(...ranges) }));
    fc.assert(fc.property(maps, maps, (uid, gid) => {
      const { outsideUid, outsideGid, count } = identityFor(0, 0, { uid: uid.text, gid: gid.text });
      const has = ({ ranges }: typeof uid, first: number): boolean => ranges.some(([inside, , size]) => inside <= first && first + count <= inside + size);
      expect(has(uid, outsideUid)).toBe(true);
      expect(has(gid, outsideGid)).toBe(true);
    }));
  });
});

test("without maps it asks the kernel for its own", () => {
  expect(identityFor(process.getuid?.() ?? 0, process.getgid?.() ?? 0).count).toBeGreaterThan(0);
});
