import { describe, expect, it } from "vitest";
import { taintsOf } from "./taint.js";

const letters = (value: bigint) => taintsOf(value).map(({ letter }) => letter).join("");

describe("taintsOf", () => {
  it("has nothing to say about 0", () => {
    expect(taintsOf(0n)).toEqual([]);
  });

  // The values and letters are those of the table in tainted-kernels.rst.
  it.each([[1n, "P"], [2n, "F"], [4n, "S"], [128n, "D"], [512n, "W"], [4096n, "O"], [8192n, "E"], [65536n, "X"], [262144n, "N"]])(
    "reads %d as %s",
    (value, letter) => {
      expect(letters(value)).toBe(letter);
    },
  );

  it("lists several in the order of their bits", () => {
    expect(letters(4096n | 512n | 1n)).toBe("PWO");
  });

  it("keeps a bit that it does not know", () => {
    expect(taintsOf(1n << 40n)).toEqual([{ letter: "?", reason: "bit 40" }]);
  });
});
