import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { ALL_LAYERS } from "./jail.js";
import { Sandbox } from "./sandbox.js";
import type { Denial } from "./denial.js";
import { temporaryDirectory } from "./testing/native.js";
import { outcomeOf, processesWith, run, sh, startShell } from "./testing/run.js";

const secret = "the secret\n";

/** A working directory, and a file beside it. */
function scene(): { cwd: string; file: string; base: string } {
  const base = realpathSync(temporaryDirectory());
  const cwd = join(base, "work");
  mkdirSync(cwd);
  writeFileSync(join(base, "file"), secret);
  return { cwd, file: join(base, "file"), base };
}

describe("streams", () => {
  test("what is written to stdin comes back from a program that copies it, whole and in order", async () => {
    await using box = await Sandbox.spawn("/bin/cat", [], { cwd: temporaryDirectory() });
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    box.stdin?.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of box.stdout ?? []) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(await box.exit).toMatchObject({ code: 0, signal: undefined, limit: undefined });
  });

  test("stdout and stderr are kept apart", async () => {
    expect(await sh("echo out; echo err >&2")).toMatchObject({ stdout: "out\n", stderr: "err\n" });
  });

  // Node lets a child's unread streams run empty once the child has ended (flushStdio), and the child is the helper.
  test("what a short program said can be read after its end", async () => {
    await using box = await Sandbox.spawn("/bin/echo", ["short"], { cwd: temporaryDirectory() });
    await box.exit;
    await box[Symbol.asyncDispose]();
    expect(await outcomeOf(box)).toMatchObject({ code: 0, stdout: "short\n" });
  });

  test("a stream that is not piped is null", async () => {
    await using box = await Sandbox.spawn("/bin/true", [], { cwd: temporaryDirectory(), stdio: ["ignore", "ignore", "pipe"] });
    expect([box.stdin, box.stdout, box.stderr === null]).toEqual([null, null, false]);
    expect(await outcomeOf(box)).toMatchObject({ code: 0 });
  });

  test("an ignored stdin is at its end, an ignored stdout takes everything", async () => {
    expect(await run("/bin/sh", ["-c", "cat; echo lost; echo kept >&2"], { stdio: ["ignore", "ignore", "pipe"] })).toMatchObject({ code: 0, stderr: "kept\n" });
  });

  test("descriptors of the caller become the program's streams, and stay open here", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "in"), "from a file\n");
    const input = openSync(join(directory, "in"), "r");
    const output = openSync(join(directory, "out"), "w");
    await run("/bin/sh", ["-c", "cat; echo aside >&2"], { stdio: [input, output, output] });
    closeSync(input);
    closeSync(output);
    expect(readFileSync(join(directory, "out"), "utf8")).toBe("from a file\naside\n");
  });

  test("one word says it for all three", async () => {
    const box = await Sandbox.spawn("/bin/echo", ["unheard"], { cwd: temporaryDirectory(), stdio: "ignore" });
    expect(await outcomeOf(box)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("no other descriptor of the caller arrives", async () => {
    const secret = openSync("/etc/hostname", "r");
    const { stdout } = await run("/bin/ls", ["/proc/self/fd"]);
    closeSync(secret);
    expect(stdout.split("\n").filter(Boolean)).toEqual(["0", "1", "2", "3"]); // 3 is the directory that ls reads
  });
});

describe("how it ends", () => {
  test.each([0, 1, 7, 125, 255])("exit code %i", async (code) => {
    expect(await sh(`exit ${code}`)).toMatchObject({ code, signal: undefined });
  });

  test.each(["SIGSEGV", "SIGKILL", "SIGPIPE", "SIGUSR1"] as const)("%s", async (signal) => {
    expect(await sh(`kill -${signal.slice(3)} $$`)).toMatchObject({ code: undefined, signal });
  });

  test("what it leaves running ends with it", async () => {
    const word = "54321.125";
    await using box = await startShell(`setsid sleep ${word} & echo ready; read line; exit 3`);
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(1); });
    box.stdin?.end();
    expect(await box.exit).toMatchObject({ code: 3 });
    expect(processesWith(word)).toEqual([]);
  });

  test("usage is measured", async () => {
    const { usage } = await sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    expect(usage.cpu).toBeGreaterThan(0);
    expect(usage.wall).toBeGreaterThan(0);
    expect(usage.memory).toBeGreaterThan(100_000);
  });
});

describe("kill and abort", () => {
  test("SIGTERM unless something else is said", async () => {
    await using box = await startShell("echo ready; exec sleep 100");
    box.kill();
    expect(await box.exit).toMatchObject({ signal: "SIGTERM" });
  });

  test("the program may handle a signal, by name or by number", async () => {
    for (const signal of ["SIGINT", 2] as const) {
      await using box = await startShell("trap 'exit 9' INT; echo ready; while :; do sleep 0.02; done");
      box.kill(signal);
      expect(await box.exit).toMatchObject({ code: 9 });
    }
  });

  test("SIGKILL ends everything inside, whatever it ignores and wherever it went", async () => {
    const word = "54321.25";
    await using box = await startShell(`trap '' TERM INT HUP; setsid sleep ${word} & sleep ${word} & echo ready; wait`);
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(2); });
    box.kill("SIGKILL");
    expect(await box.exit).toMatchObject({ code: undefined, signal: "SIGKILL" });
    expect(processesWith(word)).toEqual([]);
  });

  test("killing what has ended does nothing", async () => {
    const box = await Sandbox.spawn("/bin/true", [], { cwd: temporaryDirectory() });
    expect(await outcomeOf(box)).toMatchObject({ code: 0 });
    box.kill();
    await box[Symbol.asyncDispose]();
    box.kill("SIGKILL");
    expect(await box.exit).toMatchObject({ code: 0 });
  });

  test("a signal that is aborted already starts nothing", async () => {
    const reason = new Error("changed my mind");
    const cwd = temporaryDirectory();
    await expect(Sandbox.spawn("/bin/sh", ["-c", "touch started"], { cwd, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(() => readFileSync(join(cwd, "started"))).toThrow(/ENOENT/);
  });

  test("aborting ends the run, and the result says SIGKILL", async () => {
    const controller = new AbortController();
    await using box = await startShell("trap '' TERM; echo ready; while :; do sleep 1; done", { signal: controller.signal });
    controller.abort();
    expect(await box.exit).toMatchObject({ code: undefined, signal: "SIGKILL" });
  });

  test("leaving the scope kills, and waits until nothing is left", async () => {
    const word = "54321.375";
    {
      await using box = await startShell(`sleep ${word} & echo ready; wait`);
      await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(1); });
      expect(box.pid).toBeGreaterThan(1);
    }
    expect(processesWith(word)).toEqual([]);
  });
});

describe("what the program is given", () => {
  test("its pid is the host's", async () => {
    await using box = await startShell("echo ready; read line");
    expect(readFileSync(`/proc/${box.pid}/comm`, "utf8")).toBe("sh\n");
    box.stdin?.end();
    await box.exit;
    expect(() => readFileSync(`/proc/${box.pid}/comm`)).toThrow(/ENOENT/);
  });

  test("the working directory of the options, which it may change", async () => {
    const cwd = temporaryDirectory();
    expect(await sh("pwd; echo made > file", { cwd })).toMatchObject({ code: 0, stdout: `${realpathSync(cwd)}\n` });
    expect(readFileSync(join(cwd, "file"), "utf8")).toBe("made\n");
  });

  // Policy and program resolve a relative name against different directories.
  test("a relative working directory starts from the caller's", async () => {
    expect(await sh("pwd", { cwd: "src" })).toMatchObject({ stdout: `${realpathSync("src")}\n` });
  });

  test("of the environment in the options what the policy passes on, and what it sets", async () => {
    const { stdout } = await run("/usr/bin/env", [], {
      env: { PATH: "/usr/bin:/bin", LANG: "C", AWS_SECRET_ACCESS_KEY: "hidden", WANTED: "yes" },
      policy: { environment: { pass: ["WANTED"], set: { MADE: "a b" } } },
    });
    const names = stdout.trim().split("\n").map((line) => line.split("=", 1)[0]);
    expect(stdout).toContain("WANTED=yes\nHOME=");
    expect(stdout).toContain("MADE=a b\n");
    expect(names.sort()).toEqual(["HOME", "LANG", "MADE", "PATH", "PWD", "WANTED"]);
  });

  test("a program is found through the PATH of the options", async () => {
    expect(await run("echo", ["found"], { env: { PATH: "/nowhere:/bin" } })).toMatchObject({ stdout: "found\n" });
  });

  test("arguments arrive as they are", async () => {
    const args = ["", " ", "a b", "*", "$HOME", "-x", "ü\u{1f600}", "new\nline", "\t"];
    const { stdout } = await run("/usr/bin/printf", ["%s|", ...args]);
    expect(stdout).toBe(`${args.join("|")}|`);
  });
});

describe("the policy", () => {
  test("without a grant a file outside is not there, and the refusal says which flag would allow it", async () => {
    const { cwd, file } = scene();
    const { code, stdout, denials } = await run("/bin/cat", [file], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(denials).toMatchObject([{ kind: "read", path: file, count: 1, allow: `--read ${file}` }]);
  });

  test("an object grants, with paths that start from the working directory", async () => {
    const { cwd } = scene();
    expect(await run("/bin/cat", ["../file"], { cwd, policy: { filesystem: { read: ["../file"] } } })).toMatchObject({ stdout: secret, denials: [] });
  });

  test.each([["toml", `[filesystem]\nread = ["file"]\n`], ["json", `{ "filesystem": { "read": ["file"] } }`]])("a %s file grants, with paths that start from the file", async (kind, text) => {
    const { cwd, base } = scene();
    writeFileSync(join(base, `policy.${kind}`), text);
    expect(await run("/bin/cat", ["../file"], { cwd, policy: `../policy.${kind}` })).toMatchObject({ stdout: secret, denials: [] });
  });

  test("the denial's own piece of policy lets the program through", async () => {
    const { cwd, file } = scene();
    const first = await run("/bin/cat", [file], { cwd });
    expect(await run("/bin/cat", [file], { cwd, policy: first.denials[0]?.input })).toMatchObject({ code: 0, stdout: secret });
  });

  test("what may be read may not be written", async () => {
    const { cwd, file } = scene();
    const { code, denials } = await sh(`echo spoiled > ${file}`, { cwd, policy: { filesystem: { read: [file] } } });
    expect(code).not.toBe(0);
    expect(denials).toMatchObject([{ kind: "write", path: file }]);
    expect(readFileSync(file, "utf8")).toBe(secret);
  });
});

describe("events", () => {
  async function collect(box: Sandbox): Promise<Denial[]> {
    const events: Denial[] = [];
    for await (const event of box.events) events.push(event);
    return events;
  }

  test("a refusal comes while the program runs, once, and the end comes with the program's", async () => {
    const { cwd, file } = scene();
    await using box = await startShell(`cat ${file}; cat ${file}; echo ready; read line`, { cwd });
    const events = box.events[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: "read", path: file, count: 1 });
    box.stdin?.end();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect((await box.exit).denials).toMatchObject([{ kind: "read", path: file, count: 2 }]);
  });

  test("nobody has to read them", async () => {
    const { cwd, file } = scene();
    const { code, denials } = await sh(`i=0; while [ $i -lt 20 ]; do cat ${file} ${file}; i=$((i+1)); done; exit 5`, { cwd });
    expect(code).toBe(5);
    expect(denials).toMatchObject([{ path: file, count: 40 }]);
  });

  test("who comes late gets them all", async () => {
    const { cwd, file } = scene();
    await using box = await Sandbox.spawn("/bin/cat", [file], { cwd });
    await outcomeOf(box);
    expect(await collect(box)).toMatchObject([{ path: file }]);
  });

  test("there are none without supervision, and the layers say so", async () => {
    const { cwd, file } = scene();
    await using box = await Sandbox.spawn("/bin/cat", [file], { cwd, explain: "none" });
    expect(await collect(box)).toEqual([]);
    expect(await outcomeOf(box)).toMatchObject({ code: 1, denials: [], dropped: 0 });
    expect(box.protection.layers).toEqual(ALL_LAYERS.filter((layer) => layer !== "supervisor"));
  });
});

describe("protection", () => {
  test("every layer is on where the host gives them all, and nothing is missing", async () => {
    await using box = await Sandbox.spawn("/bin/true", [], { cwd: temporaryDirectory() });
    expect(box.protection).toMatchObject({ engine: "process", layers: ALL_LAYERS, missing: [] });
    expect(box.protection.landlockAbi).toBeGreaterThan(0);
    expect((await box.exit).protection).toEqual(box.protection);
  });

  test("with the host's network there is no network namespace, which is not missing: it was not wanted", async () => {
    await using box = await Sandbox.spawn("/bin/true", [], { cwd: temporaryDirectory(), policy: { network: { mode: "host" } } });
    expect(box.protection.layers).not.toContain("net");
    expect(box.protection.missing).toEqual([]);
  });
});

describe("a dry run", () => {
  test("shows the program its changes, lists them, and keeps none", async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, "sub"));
    for (const name of ["changed", "gone", "sub/same"]) writeFileSync(join(cwd, name), "old\n");
    const result = await sh("echo new > made; echo more >> changed; rm gone; mkdir dir; echo x > dir/x; cat changed sub/same; ls", { cwd, dryRun: true });
    expect(result).toMatchObject({ code: 0, stdout: "old\nmore\nold\nchanged\ndir\nmade\nsub\n" });
    const path = (name: string) => join(realpathSync(cwd), name);
    expect([...result.changes].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { kind: "modified", path: path("changed"), size: 9 },
      { kind: "created", path: path("dir"), size: 0 },
      { kind: "created", path: path("dir/x"), size: 2 },
      { kind: "deleted", path: path("gone"), size: 0 },
      { kind: "created", path: path("made"), size: 4 },
    ]);
    expect(readFileSync(join(cwd, "changed"), "utf8")).toBe("old\n");
    expect(readFileSync(join(cwd, "gone"), "utf8")).toBe("old\n");
    expect(() => readFileSync(join(cwd, "made"))).toThrow(/ENOENT/);
  });

  test("does not reach a single file that was granted", async () => {
    const { cwd, file } = scene();
    const options = { cwd, policy: { filesystem: { write: [file] } } };
    const line = "(echo new > ../file) 2>/dev/null || echo refused";
    expect(await sh(line, { ...options, dryRun: true })).toMatchObject({ stdout: "refused\n", changes: [] });
    expect(readFileSync(file, "utf8")).toBe(secret);
    expect(await sh(line, options)).toMatchObject({ stdout: "" });
    expect(readFileSync(file, "utf8")).toBe("new\n");
  });

  test("a program that changes nothing has no changes", async () => {
    expect(await sh("cat * > /dev/null; echo x > /tmp/x", { dryRun: true })).toMatchObject({ changes: [] });
  });
});
