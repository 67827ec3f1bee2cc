import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Denial } from "./denial.js";
import { formatDenials, formatLayers, formatLimit, jsonLine, limitText, wantsColour } from "./report.js";

const PLAIN = { colour: false, columns: 200 };
const ESC = "\u001b";

function denial(rest: Partial<Denial> = {}): Denial {
  return {
    kind: "read", syscall: "openat", path: "/home/me/.ssh/id_rsa", pid: 1, count: 1, time: 0,
    rule: "default policy: nothing below /home/me is visible", allow: "--read /home/me/.ssh/id_rsa", ...rest,
  };
}

const lines = (denials: readonly Denial[], dropped = 0, options = PLAIN): string[] => formatDenials(denials, dropped, options).trimEnd().split("\n");

describe("the summary", () => {
  test("is empty if nothing was refused", () => {
    expect(formatDenials([], 0, PLAIN)).toBe("");
  });

  test("says what was refused, by which rule, and how to allow it", () => {
    const [head, line] = lines([denial()]);
    expect(head).toBe("dune-sandbox: 1 thing was refused");
    expect(line?.trim().split(/ {2,}/)).toEqual([
      "read", "/home/me/.ssh/id_rsa", "default policy: nothing below /home/me is visible", "allow: --read /home/me/.ssh/id_rsa",
    ]);
  });

  test("puts the flag on its own line where the terminal is narrow", () => {
    const narrow = lines([denial()], 0, { colour: false, columns: 80 });
    expect(narrow).toHaveLength(3);
    expect(narrow[2]?.trim()).toBe("allow: --read /home/me/.ssh/id_rsa");
  });

  test("promises no flag where there is none", () => {
    expect(formatDenials([denial({ allow: undefined })], 0, PLAIN)).not.toContain("allow:");
  });

  test("groups by kind and aligns the columns", () => {
    const [, ...rest] = lines([
      denial({ kind: "syscall", syscall: "bpf", path: undefined }),
      denial({ kind: "connect", path: undefined, address: "192.0.2.1:443" }),
      denial({ path: "/a" }), denial({ path: "/b" }),
    ]);
    expect(rest.map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual([["read", "/a"], ["read", "/b"], ["connect", "192.0.2.1:443"], ["syscall", "bpf"]]);
    expect(new Set(rest.map((line) => line.indexOf("default policy"))).size).toBe(1);
  });

  test("shows ten and counts the rest, also what was lost", () => {
    const many = Array.from({ length: 25 }, (_, index) => denial({ path: `/srv/${index}` }));
    expect(lines(many)[0]).toBe("dune-sandbox: 25 things were refused");
    expect(lines(many)).toContain("  and 15 more (--json shows all)");
    expect(lines(many, 1000)).toContain("  and 1015 more (--json shows 25)");
    expect(lines(many).filter((line) => line.includes("/srv/"))).toHaveLength(10);
  });

  test("says how often", () => {
    expect(formatDenials([denial({ count: 12 })], 0, PLAIN)).toContain("/home/me/.ssh/id_rsa (12 times)");
  });

  test("mentions --learn only where it would do more than one flag", () => {
    const learnable = denial({ input: { filesystem: { read: ["/a"] } } });
    expect(formatDenials([learnable], 0, PLAIN)).not.toContain("--learn");
    expect(formatDenials([learnable, { ...learnable, path: "/b" }], 0, PLAIN)).toContain("--learn");
  });

  test("nothing that the program chose reaches the terminal as a control", () => {
    const hostile = fc.string({ unit: "binary" });
    fc.assert(fc.property(hostile, fc.boolean(), (text, isPath) => {
      const item = isPath ? denial({ path: text, rule: text, allow: text }) : denial({ kind: "lookup", path: undefined, address: text });
      expect(formatDenials([item], 0, PLAIN)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}](?<!\n)/u);
      expect(formatDenials([item], 0, { ...PLAIN, columns: 10_000 }).split("\n")).toHaveLength(3);
    }));
    expect(formatDenials([denial({ path: `/tmp/${ESC}[2J\nfake` })], 0, PLAIN)).not.toContain(ESC);
  });

  test("is coloured only when asked", () => {
    expect(formatDenials([denial()], 0, PLAIN)).not.toContain(ESC);
    expect(formatDenials([denial()], 0, { ...PLAIN, colour: true })).toContain(ESC);
  });
});

describe("colour", () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [undefined, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("terminal %s with %j: %s", (isTTY, env, expected) => {
    expect(wantsColour({ isTTY }, env)).toBe(expected);
  });
});

describe("limits", () => {
  test.each([
    ["wall", 5000, "stopped: wall time 5 s"],
    ["wall", 250, "stopped: wall time 250 ms"],
    ["wall", 90_000, "stopped: wall time 90 s"],
    ["cpu", 600_000, "stopped: CPU time 10 min"],
    ["memory", 512 * 1024 ** 2, "stopped: memory 512 MiB"],
    ["memory", 1.5 * 1024 ** 3, "stopped: memory 1.5 GiB"],
    ["disk", 100, "stopped: disk writes 100 B"],
    ["processes", 512, "stopped: 512 processes"],
    ["output", 1024, "stopped: output 1 KiB"],
  ] as const)("%s %i", (limit, bound, text) => {
    expect(limitText(limit, bound)).toBe(text);
    expect(formatLimit(limit, bound, PLAIN)).toContain(text);
  });

  test("the flag that sets the limit is named", () => {
    expect(formatLimit("wall", 5000, PLAIN)).toBe("dune-sandbox: stopped: wall time 5 s (--time sets the limit)\n");
  });
});

test("missing layers are named, a complete jail needs no words", () => {
  expect(formatLayers(["landlock", "seccomp"], [], PLAIN)).toBe("");
  expect(formatLayers(["landlock", "seccomp"], ["user", "mount"], PLAIN)).toBe("dune-sandbox: ran without the layers user, mount (on: landlock, seccomp)\n");
  expect(formatLayers([], ["seccomp"], PLAIN)).toBe("dune-sandbox: ran without the layer seccomp (on: none)\n");
});

describe("JSON lines", () => {
  test("mean what was put in, on one line, without anything that a terminal acts on", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (path) => {
      const line = jsonLine({ type: "denial", path });
      expect(JSON.parse(line)).toEqual({ type: "denial", path });
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }));
    expect(JSON.parse(jsonLine({ path: "\u{e0001}\u202e\u009b" }))).toEqual({ path: "\u{e0001}\u202e\u009b" });
  });
});
