import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACCESS, NET, SCOPE, accessFor, handledBy } from "./landlock.js";

/** The rights that landlock(7) lists for objects that are not directories. */
const FILE_RIGHTS = ACCESS.EXECUTE | ACCESS.WRITE_FILE | ACCESS.READ_FILE | ACCESS.TRUNCATE | ACCESS.IOCTL_DEV;

const access = fc.record({ read: fc.boolean(), write: fc.boolean(), exec: fc.boolean() });

describe("what a kernel can restrict", () => {
  test("nothing without Landlock", () => {
    expect(handledBy(0)).toEqual({ fs: 0, net: 0, scoped: 0 });
  });

  test.each([
    [1, "REFER"],
    [2, "TRUNCATE"],
    [4, "IOCTL_DEV"],
  ] as const)("ABI %i does not know %s, the next one does", (abi, right) => {
    expect(handledBy(abi).fs & ACCESS[right]).toBe(0);
    expect(handledBy(abi + 1).fs & ACCESS[right]).toBe(ACCESS[right]);
  });

  test("TCP comes with ABI 4, scopes with ABI 6", () => {
    expect([handledBy(3).net, handledBy(4).net]).toEqual([0, NET.BIND_TCP | NET.CONNECT_TCP]);
    expect([handledBy(5).scoped, handledBy(6).scoped]).toEqual([0, SCOPE.ABSTRACT_UNIX_SOCKET | SCOPE.SIGNAL]);
  });

  test("an ABI from the future restricts no less than the newest known one", () => {
    expect(handledBy(99)).toEqual(handledBy(7));
  });

  test("a newer ABI never forgets a right", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 20 }), (abi) => (handledBy(abi).fs & ~handledBy(abi + 1).fs) === 0));
  });
});

describe("what a rule grants", () => {
  test("a rule on a file has no right that the kernel refuses there", () => {
    fc.assert(fc.property(access, (wanted) => (accessFor(wanted, "file") & ~FILE_RIGHTS) === 0));
  });

  test("nothing asked, nothing granted", () => {
    for (const target of ["file", "directory", "device"] as const) {
      expect(accessFor({ read: false, write: false, exec: false }, target)).toBe(0);
    }
  });

  test("reading grants neither writing nor executing", () => {
    expect(accessFor({ read: true, write: false, exec: false }, "directory")).toBe(ACCESS.READ_FILE | ACCESS.READ_DIR);
  });

  test("writing never makes device nodes", () => {
    fc.assert(fc.property(access, (wanted) => (accessFor(wanted, "directory") & (ACCESS.MAKE_CHAR | ACCESS.MAKE_BLOCK)) === 0));
  });

  test("writing below a directory covers creating, deleting and moving between directories", () => {
    const granted = accessFor({ read: false, write: true, exec: false }, "directory");
    for (const right of ["MAKE_REG", "MAKE_DIR", "MAKE_SYM", "REMOVE_FILE", "REMOVE_DIR", "REFER", "TRUNCATE"] as const) {
      expect(granted & ACCESS[right]).toBe(ACCESS[right]);
    }
  });

  test("only a device may be controlled with ioctl", () => {
    const wanted = { read: true, write: true, exec: false };
    expect(accessFor(wanted, "device") & ACCESS.IOCTL_DEV).toBe(ACCESS.IOCTL_DEV);
    expect(accessFor(wanted, "file") & ACCESS.IOCTL_DEV).toBe(0);
    expect(accessFor(wanted, "directory") & ACCESS.IOCTL_DEV).toBe(0);
  });
});
