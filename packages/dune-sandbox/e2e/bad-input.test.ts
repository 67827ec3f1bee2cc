/** What cannot work gives one clear error, the documented exit status, and leaves nothing. */

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asEveryone, CLI, run, sandbox } from "./harness.js";
import type { Outcome } from "./harness.js";
import { inScene } from "./scene.js";
import type { Scene } from "./scene.js";

const FAILURE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

interface Case {
  readonly name: string;
  readonly prepare?: (scene: Scene) => void;
  readonly args: readonly string[];
  readonly status: number;
  /** What the message must say, in any order. */
  readonly says: readonly RegExp[];
  /** Root may read and execute nearly anything. */
  readonly onlyUser?: true;
}

/** An ELF header and nothing else: e_machine and EI_CLASS as given. */
function elf(machine: number, bits: 32 | 64): Buffer {
  const header = Buffer.alloc(bits === 64 ? 64 : 52);
  header.write("\x7fELF", "latin1");
  header.set([bits === 64 ? 2 : 1, 1, 1], 4);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt16LE(header.length, bits === 64 ? 52 : 40);
  return header;
}

const EM_386 = 3;
const EM_AARCH64 = 183;

const project = (scene: Scene, name: string, contents: string | Uint8Array, mode = 0o755) => {
  scene.write(join("home/project", name), contents, mode);
};

const CASES: readonly Case[] = [
  { name: "no program", args: [], status: FAILURE, says: [/no program/i, /--help/] },
  { name: "a missing program", args: ["./nowhere"], status: NOT_FOUND, says: [/\.\/nowhere/] },
  { name: "a missing command", args: ["no-such-command-here"], status: NOT_FOUND, says: [/no-such-command-here/, /PATH/] },
  { name: "a command that lies in the working directory", prepare: (scene) => { project(scene, "here-only", "#!/bin/sh\n"); }, args: ["here-only"], status: NOT_FOUND, says: [/\.\/here-only/] },
  { name: "an empty name", args: [""], status: FAILURE, says: [/empty/] },
  { name: "a file that is not executable", prepare: (scene) => { project(scene, "plain", "#!/bin/sh\n", 0o644); }, args: ["./plain"], status: NOT_EXECUTABLE, says: [/plain/, /chmod \+x/] },
  { name: "a directory", prepare: (scene) => { mkdirSync(join(scene.project, "folder")); }, args: ["./folder"], status: NOT_EXECUTABLE, says: [/folder/, /directory/] },
  { name: "a program for another processor", prepare: (scene) => { project(scene, "arm", elf(EM_AARCH64, 64)); }, args: ["./arm"], status: NOT_EXECUTABLE, says: [/arm/, /x86-64/] },
  { name: "a 32-bit program", prepare: (scene) => { project(scene, "old", elf(EM_386, 32)); }, args: ["./old"], status: NOT_EXECUTABLE, says: [/old/, /32-bit/] },
  { name: "a truncated program", prepare: (scene) => { project(scene, "cut", elf(62, 64).subarray(0, 30)); }, args: ["./cut"], status: NOT_EXECUTABLE, says: [/cut/] },
  { name: "an empty file", prepare: (scene) => { project(scene, "empty", ""); }, args: ["./empty"], status: NOT_EXECUTABLE, says: [/empty/] },
  { name: "text without a first line", prepare: (scene) => { project(scene, "text", "echo hello\n"); }, args: ["./text"], status: NOT_EXECUTABLE, says: [/text/, /#!/] },
  { name: "a script for an interpreter that is not there", prepare: (scene) => { project(scene, "script", "#!/no/such/interpreter\n"); }, args: ["./script"], status: NOT_FOUND, says: [/script/, /\/no\/such\/interpreter/] },
  { name: "a script with an empty first line", prepare: (scene) => { project(scene, "script", "#!\necho\n"); }, args: ["./script"], status: NOT_EXECUTABLE, says: [/script/, /first line/i] },
  { name: "a script with Windows line ends", prepare: (scene) => { project(scene, "script", "#!/bin/sh\r\necho\r\n"); }, args: ["./script"], status: NOT_EXECUTABLE, says: [/script/, /carriage return|Windows/] },
  { name: "a script that is its own interpreter", prepare: (scene) => { project(scene, "loop", `#!${join(scene.project, "loop")}\n`); }, args: ["./loop"], status: NOT_EXECUTABLE, says: [/loop/] },
  { name: "a program that may not be read", prepare: (scene) => { project(scene, "hidden", "#!/bin/sh\n", 0o111); }, args: ["./hidden"], status: NOT_EXECUTABLE, says: [/hidden/], onlyUser: true },
  { name: "an unknown flag", args: ["--alow-net", "example.org:443", "true"], status: FAILURE, says: [/--alow-net/, /--allow-net/] },
  { name: "a flag without its value", args: ["--time"], status: FAILURE, says: [/--time/] },
  { name: "a flag with a value that means nothing", args: ["--time", "soon", "true"], status: FAILURE, says: [/--time/, /soon/] },
  { name: "a limit twice", args: ["--time", "1s", "--time", "2s", "true"], status: FAILURE, says: [/--time/, /twice/] },
  { name: "a path to grant that does not exist", args: ["--read", "./nothing-here", "true"], status: FAILURE, says: [/nothing-here/] },
  { name: "a network destination without a port", args: ["--allow-net", "example.org", "true"], status: FAILURE, says: [/example\.org/, /port/i] },
  { name: "an unknown profile", args: ["--profile", "nod", "true"], status: FAILURE, says: [/nod/, /node/] },
  { name: "an unknown system call", args: ["--allow-syscall", "opne", "true"], status: FAILURE, says: [/opne/] },
  { name: "a missing policy", args: ["--policy", "none.toml", "true"], status: FAILURE, says: [/none\.toml/] },
  { name: "a policy that is a directory", args: ["--policy", ".", "true"], status: FAILURE, says: [/director/i] },
  {
    name: "a policy with a syntax error",
    prepare: (scene) => { project(scene, "p.toml", "[limits]\nmemory = \n"); },
    args: ["--policy", "p.toml", "true"],
    status: FAILURE,
    says: [/p\.toml:2/],
  },
  {
    name: "a policy with an unknown field",
    prepare: (scene) => { project(scene, "p.toml", '[limits]\nmemmory = "1GiB"\n'); },
    args: ["--policy", "p.toml", "true"],
    status: FAILURE,
    says: [/p\.toml:2/, /memmory/, /memory/],
  },
  {
    name: "a policy in JSON with a wrong type",
    prepare: (scene) => { project(scene, "p.json", '{\n  "filesystem": { "read": 5 }\n}\n'); },
    args: ["--policy", "p.json", "true"],
    status: FAILURE,
    says: [/p\.json:2/, /read/],
  },
  { name: "a policy that may not be read", prepare: (scene) => { project(scene, "p.toml", "", 0o000); }, args: ["--policy", "p.toml", "true"], status: FAILURE, says: [/p\.toml/], onlyUser: true },
];

asEveryone("bad input", (identity) => {
  for (const { name, prepare, args, status, says, onlyUser } of CASES) {
    const skip = onlyUser === true && identity.name === "root";
    test(name, async (context) => {
      context.skip(skip, "root may");
      await inScene(identity, async (scene) => {
        prepare?.(scene);
        const result = await sandbox(args, { as: identity, cwd: scene.project, env: scene.environment });
        expectOneError(result, status);
        for (const pattern of says) expect(result.stderr).toMatch(pattern);
        expect(await scene.leftovers()).toEqual([]);
      });
    });
  }

  test("a name with a newline and a terminal escape is shown quoted, on one line", async () => {
    await inScene(identity, async (scene) => {
      const result = await sandbox(["./no\nsuch\x1b[2Jfile"], { as: identity, cwd: scene.project, env: scene.environment });
      expectOneError(result, NOT_FOUND);
      expect(result.stderr).not.toContain("\x1b[2J");
      expect(result.stderr).not.toMatch(/^such/m);
    });
  });

  test("a program with a newline in its name runs", async () => {
    await inScene(identity, async (scene) => {
      project(scene, "odd\nname", "#!/bin/sh\necho ran\n");
      expect(await sandbox(["./odd\nname"], { as: identity, cwd: scene.project, env: scene.environment })).toMatchObject({ status: 0, stdout: "ran\n" });
    });
  });

  // Node hands arguments over as UTF-8: the bytes are lost before anyone can look at them.
  test("a program whose name is not UTF-8 gives one clear error", async () => {
    await inScene(identity, async (scene) => {
      writeFileSync(Buffer.concat([Buffer.from(`${scene.project}/`), Buffer.from([0x66, 0xff, 0x6f])]), "#!/bin/sh\n", { mode: 0o755 });
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      const result = await run(["bash", "-c", `'${process.execPath}' '${CLI}' ./$'f\\xffo'`], options);
      expect([FAILURE, NOT_FOUND]).toContain(result.status);
      expectOneError(result, result.status);
      expect(result.stderr).toMatch(/UTF-8/);
    });
  });

  test("files whose names are not UTF-8 can be used inside", async () => {
    await inScene(identity, async (scene) => {
      const result = await sandbox(["bash", "-c", "f=$'x\\xff'; echo data > \"$f\" && cat \"$f\" && rm \"$f\""], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result).toMatchObject({ status: 0, stdout: "data\n" });
    });
  });

  test("a working directory that is gone", async () => {
    await inScene(identity, async (scene) => {
      const script = `mkdir gone && cd gone && rmdir ../gone && exec '${process.execPath}' '${CLI}' true`;
      const result = await run(["sh", "-c", script], { as: identity, cwd: scene.project, env: scene.environment });
      expectOneError(result, FAILURE);
    });
  });

  for (const directory of ["/", "/etc", "/tmp"]) {
    test(`${directory} is not handed over just because it is the working directory`, async () => {
      await inScene(identity, async (scene) => {
        const result = await sandbox(["true"], { as: identity, cwd: directory, env: scene.environment });
        expectOneError(result, FAILURE);
      });
    });
  }

  test("the home directory is not handed over either", async () => {
    await inScene(identity, async (scene) => {
      const result = await sandbox(["true"], { as: identity, cwd: join(scene.directory, "home"), env: scene.environment });
      expectOneError(result, FAILURE);
      expect(result.stderr).toMatch(/home/);
    });
  });

  test("closed standard streams", async () => {
    await inScene(identity, async (scene) => {
      const script = `'${process.execPath}' '${CLI}' sh -c 'echo x; exit 3' <&- >&- 2>&-; echo status $?`;
      const result = await run(["sh", "-c", script], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result.stdout).toBe("status 3\n");
    });
  });

  test("a real 32-bit program", async (context) => {
    await inScene(identity, async (scene) => {
      const source = join(scene.directory, "m32.c");
      writeFileSync(source, "void _start(void){for(;;);}\n");
      const compiled = spawnSync("gcc", ["-m32", "-nostdlib", "-static", "-o", join(scene.directory, "m32"), source]);
      context.skip(compiled.status !== 0, "gcc cannot compile for 32 bits here");
      const program = join(scene.project, "m32");
      copyFileSync(join(scene.directory, "m32"), program);
      chmodSync(program, 0o755);
      const result = await sandbox(["./m32"], { as: identity, cwd: scene.project, env: scene.environment });
      expectOneError(result, NOT_EXECUTABLE);
    });
  });
});

/** One message, no stack trace, nothing on stdout. */
function expectOneError(result: Outcome, status: number): void {
  expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: "" });
  expect(result.stderr).toMatch(/^dune-sandbox: /);
  expect(result.stderr.match(/^dune-sandbox: /gm)).toHaveLength(1);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stderr.endsWith("\n")).toBe(true);
}
