import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PolicyInput } from "./input.js";
import { parsePolicy } from "./parse.js";
import type { Policy } from "./policy.js";
import { PROFILES } from "./schema.js";
import { describePolicy, writePolicy } from "./write.js";

const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0") && !/\p{Cs}/u.test(value));
const path = text.map((value) => `/${value.replace(/[*?]/g, "")}`);
const name = text.filter((value) => value !== "" && !/[=*]/.test(value) && !["__proto__", "prototype", "constructor"].includes(value));
const size = fc.integer({ min: 1 << 20, max: 2 ** 50 });
const policies: fc.Arbitrary<PolicyInput> = fc.record({
  profile: fc.oneof(fc.constantFrom(...PROFILES), fc.array(fc.constantFrom(...PROFILES))),
  filesystem: fc.record({ read: fc.array(path), write: fc.array(path), exec: fc.array(path) }, { requiredKeys: ["read"] }),
  environment: fc.record({ pass: fc.array(name), set: fc.dictionary(name, text, { minKeys: 1 }) }),
  network: fc.record({ mode: fc.constantFrom("none", "host"), allow: fc.array(fc.constantFrom("example.org:443", "1.2.3.4:5")), listen: fc.array(fc.integer({ min: 1, max: 65_535 })) }),
  limits: fc.record({ wall: fc.constantFrom("5s", "1ms", "unlimited"), processes: fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.constant("unlimited" as const)), memory: fc.constantFrom("512MiB", "unlimited") }, { requiredKeys: ["wall"] }),
  syscalls: fc.record({ allow: fc.array(fc.constantFrom("bpf", "perf_event_open")) }),
}, { requiredKeys: [] });

describe("writePolicy", () => {
  it("writes what parsePolicy reads back unchanged", () => {
    fc.assert(fc.property(policies, (policy) => {
      expect(parsePolicy(`# \n${writePolicy(policy)}`, "p.toml").input).toEqual(JSON.parse(JSON.stringify(policy)));
    }));
  });

  it("writes numbers of bytes and milliseconds with their unit", () => {
    fc.assert(fc.property(size, (memory) => {
      const { limits } = parsePolicy(writePolicy({ limits: { memory, wall: 1500 } }), "p.toml").input;
      expect(limits?.wall).toBe("1500ms");
      expect(limits?.memory).toMatch(/B$/);
    }));
  });

  it("puts comments behind the rules they are about", () => {
    const policy = { filesystem: { read: ["~/data"] }, limits: { wall: "5s" } };
    expect(writePolicy(policy, { header: "Learned from ./untrusted\n\nSecond", comments: { "filesystem.read[0]": "openat", "limits.wall": "flag" } })).toBe(
      '# Learned from ./untrusted\n#\n# Second\n\n[filesystem]\nread = [\n  "~/data", # openat\n]\n\n[limits]\nwall = "5s" # flag\n',
    );
  });

  it("does not let a comment end its line and begin a rule", () => {
    fc.assert(fc.property(text, (note) => {
      const written = writePolicy({ filesystem: { read: ["/a"] } }, { header: note, comments: { "filesystem.read[0]": `${note}\n[network]\nmode = "host"` } });
      expect(parsePolicy(written, "p.toml").input).toEqual({ filesystem: { read: ["/a"] } });
    }));
  });
});

describe("describePolicy", () => {
  const policy: Policy = {
    paths: [
      { path: "/usr", read: true, write: false, exec: true, optional: true, links: [], origin: { kind: "default" } },
      { path: "/work", read: true, write: true, exec: true, optional: false, links: [], origin: { kind: "flag", flag: "--write ." } },
      { path: "/x", read: true, write: false, exec: false, optional: false, links: [], origin: { kind: "file", file: "p.toml", line: 3 } },
    ],
    environment: { pass: ["PATH"], set: { A: "1" } },
    network: { mode: "none", allow: [{ host: "example.org", port: 443, origin: { kind: "api" } }], listen: [] },
    limits: { wall: undefined, memory: 1 << 30 },
    syscalls: [{ name: "bpf", origin: { kind: "profile", name: "build" } }],
  };

  it("lists each rule under every access it grants, with its origin", () => {
    const { input, comments } = describePolicy(policy);
    expect(input.filesystem).toEqual({ read: ["/x"], write: ["/work"], exec: ["/usr", "/work"] });
    expect(comments).toEqual({
      "filesystem.read[0]": "p.toml:3",
      "filesystem.write[0]": "--write .",
      "filesystem.exec[0]": "default",
      "filesystem.exec[1]": "--write .",
      "network.allow[0]": "policy object",
      "syscalls.allow[0]": "profile build",
    });
  });

  it("says of a limit that is not there that it is not", () => {
    const { input, comments } = describePolicy(policy);
    expect(writePolicy(input, { comments })).toContain('wall = "unlimited"');
    expect(parsePolicy(writePolicy(input, { comments }), "p.toml").input.limits?.memory).toBe("1GiB");
  });
});
