/** Programs that people really run do under the default policy what they do outside. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asEveryone, run, sandbox } from "./harness.js";
import { inScene } from "./scene.js";

interface Case {
  readonly name: string;
  /** Programs that must be installed. */
  readonly needs: readonly string[];
  /** Files of the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Prepared outside the sandbox, by sh. */
  readonly before?: string;
  readonly flags?: readonly string[];
  readonly command: readonly string[];
  readonly stdin?: string;
  readonly stdout: string | RegExp;
}

const PYTHON = "/usr/bin/python3";

const CASES: readonly Case[] = [
  { name: "bash: a pipeline and a list", needs: ["bash"], command: ["bash", "-c", "printf 'b\\na\\n' | sort | head -1 && echo then"], stdout: "a\nthen\n" },
  {
    name: "bash: substitution, here-document, background job, wait",
    needs: ["bash"],
    command: ["bash", "-c", "x=$(cat <<<inner); (exit 7) & wait $!; echo $x $?; diff <(echo 1) <(echo 1) && echo same"],
    stdout: "inner 7\nsame\n",
  },
  { name: "bash: job control without a terminal", needs: ["bash"], command: ["bash", "-c", "set -m; sleep 30 & kill %1; wait %1; echo $?"], stdout: /143\n$/ },
  { name: "a program reads piped stdin to its end", needs: ["wc"], command: ["wc", "-c"], stdin: "x".repeat(300_000), stdout: "300000\n" },
  {
    name: "a script runs by its first line, with its arguments",
    needs: ["sh"],
    files: { "hello.sh": '#!/bin/sh\necho "$0" "$@"\n' },
    command: ["./hello.sh", "a b", "", "--json"],
    stdout: "./hello.sh a b  --json\n",
  },
  {
    name: "a script for env python3",
    needs: ["env", PYTHON],
    files: { "hello.py": "#!/usr/bin/env -S python3 -I\nimport sys; print(sys.argv[1:])\n" },
    command: ["./hello.py", "x"],
    stdout: "['x']\n",
  },
  {
    name: "python: threads",
    needs: [PYTHON],
    command: [PYTHON, "-c", "from concurrent.futures import ThreadPoolExecutor as T\nprint(sum(T(8).map(lambda n: n * n, range(100))))"],
    stdout: "328350\n",
  },
  {
    name: "python: subprocess",
    needs: [PYTHON],
    command: [PYTHON, "-c", "import subprocess; print(subprocess.run(['sh', '-c', 'cat; exit 3'], input=b'in', capture_output=True))"],
    stdout: /returncode=3, stdout=b'in'/,
  },
  {
    name: "python: multiprocessing with locks and queues",
    needs: [PYTHON],
    files: {
      "pool.py":
        "import multiprocessing as m\n" +
        "def square(n): return n * n\n" +
        "if __name__ == '__main__':\n" +
        "    with m.Pool(4) as pool: print(sum(pool.map(square, range(50))))\n" +
        "    q = m.Queue(); p = m.Process(target=q.put, args=('sent',)); p.start(); print(q.get()); p.join()\n",
    },
    command: [PYTHON, "pool.py"],
    stdout: "40425\nsent\n",
  },
  {
    name: "python: shared memory, asyncio, a server on its own loopback",
    needs: [PYTHON],
    files: {
      "server.py":
        "import asyncio\nfrom multiprocessing import shared_memory\n" +
        "async def serve(r, w): w.write(await r.readline()); await w.drain(); w.close()\n" +
        "async def main():\n" +
        "    server = await asyncio.start_server(serve, '127.0.0.1', 0)\n" +
        "    r, w = await asyncio.open_connection(*server.sockets[0].getsockname())\n" +
        "    w.write(b'round trip\\n'); print((await r.readline()).decode().strip()); w.close()\n" +
        "asyncio.run(main())\n" +
        "s = shared_memory.SharedMemory(create=True, size=10); s.buf[0] = 7; print(s.buf[0]); s.close(); s.unlink()\n",
    },
    command: [PYTHON, "server.py"],
    stdout: "round trip\n7\n",
  },
  {
    name: "node: the compiler, WebAssembly and timers",
    needs: [process.execPath],
    command: [
      process.execPath, "-e",
      "let s = 0; for (let i = 0; i < 5e6; i++) s += i % 7;" +
        "const w = new WebAssembly.Module(Uint8Array.of(0,97,115,109,1,0,0,0));" +
        "setTimeout(() => console.log(s, w instanceof WebAssembly.Module, require('os').cpus().length > 0), 5)",
    ],
    stdout: "14999995 true true\n",
  },
  {
    name: "node: worker threads",
    needs: [process.execPath],
    command: [
      process.execPath, "-e",
      "const { Worker } = require('worker_threads');" +
        "const one = n => new Promise(r => new Worker('require(\"worker_threads\").parentPort.postMessage(' + n + '*2)', { eval: true }).on('message', r));" +
        "Promise.all([1, 2, 3].map(one)).then(all => console.log(all.join()))",
    ],
    stdout: "2,4,6\n",
  },
  {
    name: "node: child processes and files",
    needs: [process.execPath],
    command: [
      process.execPath, "-e",
      "const fs = require('fs'); fs.writeFileSync('made', 'x'); fs.renameSync('made', 'moved');" +
        "console.log(require('child_process').execFileSync('cat', ['moved']).toString(), fs.readdirSync('/tmp').length)",
    ],
    stdout: /^x \d+\n$/,
  },
  {
    name: "node: fetch is refused with an error and not by hanging",
    needs: [process.execPath],
    command: [process.execPath, "-e", "fetch('http://192.0.2.1/').then(() => console.log('reached'), e => console.log(e.cause.code))"],
    stdout: /^E[A-Z]+\n$/,
  },
  {
    name: "gcc compiles, links and the result runs",
    needs: ["gcc"],
    files: { "sum.c": '#include <stdio.h>\nint main(void){int s=0;for(int i=1;i<=100;i++)s+=i;printf("%d\\n",s);return 0;}\n' },
    command: ["sh", "-c", "gcc -O2 -o sum sum.c && ./sum"],
    stdout: "5050\n",
  },
  {
    name: "a static program",
    needs: ["gcc"],
    files: { "static.c": '#include <stdio.h>\nint main(void){puts("static");return 0;}\n' },
    before: "gcc -static -o static static.c",
    command: ["./static"],
    stdout: "static\n",
  },
  {
    name: "a program linked with musl",
    needs: ["musl-gcc"],
    files: { "musl.c": '#include <stdio.h>\nint main(void){puts("musl");return 0;}\n' },
    before: "musl-gcc -static -o musl musl.c",
    command: ["./musl"],
    stdout: "musl\n",
  },
  {
    name: "make runs jobs in parallel",
    needs: ["make"],
    files: { Makefile: "all: a b c\n\t@echo $(sort $(shell cat a b c))\na b c:\n\t@echo $@ > $@\n" },
    command: ["make", "-s", "-j3"],
    stdout: "a b c\n",
  },
  {
    name: "git clones from a local path, commits and shows it",
    needs: ["git"],
    before: "git init -q origin && cd origin && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first",
    command: ["sh", "-c", "git clone -q origin copy && cd copy && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m second && git log --format=%s"],
    stdout: "second\nfirst\n",
  },
  {
    name: "npm installs a local tarball without a network",
    needs: ["npm"],
    files: {
      "package/package.json": '{"name":"local","version":"1.0.0","main":"index.js"}',
      "package/index.js": "module.exports = 'installed'\n",
      "package.json": '{"name":"host","version":"1.0.0","private":true}',
    },
    before: "tar czf local.tgz package",
    flags: ["--profile", "node"],
    command: ["sh", "-c", "npm install --no-audit --no-fund --silent ./local.tgz && node -p 'require(\"local\")'"],
    stdout: "installed\n",
  },
  {
    name: "sqlite3 with a journal and a temporary table",
    needs: ["sqlite3"],
    command: ["sqlite3", "data.db", "pragma journal_mode=wal; create table t(x); insert into t values(1),(2); create temp table u as select sum(x) s from t; select s from u;"],
    stdout: "wal\n3\n",
  },
  { name: "perl", needs: ["perl"], command: ["perl", "-MPOSIX", "-e", "print POSIX::strftime('%Y', gmtime(0)), qx(echo back)"], stdout: "1970back\n" },
  { name: "ps sees the program's own processes only", needs: ["ps"], command: ["sh", "-c", "ps -eo comm= | sort | uniq | wc -l"], stdout: /^[1-8]\n$/ },
  { name: "tar with owners and times", needs: ["tar"], files: { a: "1" }, command: ["sh", "-c", "tar cf x.tar a && rm a && tar xf x.tar && cat a"], stdout: "1" },
];

asEveryone("under the default policy", (identity) => {
  for (const { name, needs, files = {}, before, flags = [], command, stdin, stdout } of CASES) {
    const missing = needs.find((program) => spawnSync("sh", ["-c", 'command -v "$0"', program]).status !== 0);
    test.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (skipped: ${missing} is not installed)`, async () => {
      await inScene(identity, async (scene) => {
        const options = { as: identity, cwd: scene.project, env: scene.environment };
        for (const [file, text] of Object.entries(files)) {
          await run(["mkdir", "-p", join(scene.project, file, "..")], options);
          scene.write(join("home/project", file), text, 0o755);
        }
        if (before !== undefined) expect(await run(["sh", "-c", before], options)).toMatchObject({ status: 0 });
        const result = await sandbox([...flags, ...command], stdin === undefined ? options : { ...options, stdin });
        expect(result).toMatchObject({ status: 0 });
        if (typeof stdout === "string") expect(result.stdout).toBe(stdout);
        else expect(result.stdout).toMatch(stdout);
        expect(await scene.leftovers()).toEqual([]);
      });
    });
  }

  test("what the program makes in the working directory belongs to the caller", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      await sandbox(["sh", "-c", "mkdir d && echo x > d/f && chmod 750 d/f"], options);
      expect((await run(["stat", "-c", "%u %g %a", "d", "d/f"], options)).stdout).toMatch(
        new RegExp(`^${identity.uid} ${identity.gid} 755\n${identity.uid} ${identity.gid} 750\n$`),
      );
    });
  });
});
