/** The built package in other places than this thread: a worker, a process that is killed. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { packageRoot } from "./package-root.js";
import { temporaryDirectory } from "./testing/native.js";
import { processesWith } from "./testing/run.js";

const built = join(packageRoot(), "dist", "index.js");
const has = existsSync(built) || process.env.CI === "true";

/** A module that uses the built package and tells `say` what it sees. */
function script(directory: string, say: string, body: string): string {
  const file = join(directory, "script.mjs");
  writeFileSync(file, `import { Sandbox } from ${JSON.stringify(pathToFileURL(built).href)};\n${say}\n${body}\n`);
  return file;
}

describe.skipIf(!has)(`the built package${has ? "" : " (skipped: it is not built; pnpm build)"}`, () => {
  test("runs programs from a worker thread, several at once", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "work"));
    const file = script(directory, `import { parentPort } from "node:worker_threads"; import { text } from "node:stream/consumers";`, `
      const runs = [3, 4, 5].map(async (number) => {
        const box = await Sandbox.spawn("/bin/sh", ["-c", "echo " + number + "; exit " + number], { cwd: ${JSON.stringify(join(directory, "work"))} });
        const [out, { code }] = await Promise.all([text(box.stdout), box.exit]);
        return out + code;
      });
      parentPort.postMessage(await Promise.all(runs));`);
    const worker = new Worker(pathToFileURL(file));
    const [message] = (await once(worker, "message")) as [unknown];
    expect(message).toEqual(["3\n3", "4\n4", "5\n5"]);
    await worker.terminate();
  });

  test("a worker that is terminated takes its programs with it", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "work"));
    const word = "54321.1875";
    const file = script(directory, `import { parentPort } from "node:worker_threads";`, `
      const box = await Sandbox.spawn("/bin/sleep", ["${word}"], { cwd: ${JSON.stringify(join(directory, "work"))} });
      parentPort.postMessage(box.pid);
      await box.exit;`);
    const worker = new Worker(pathToFileURL(file));
    await once(worker, "message");
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(1); });
    await worker.terminate();
    await vi.waitFor(() => { expect(processesWith(word)).toEqual([]); });
  });

  test("a process that is killed leaves no program, no relay and no cgroup", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "work"));
    const word = "54321.3125";
    const file = script(directory, "", `
      const box = await Sandbox.spawn("/bin/sh", ["-c", "setsid sleep ${word} & sleep ${word}"], {
        cwd: ${JSON.stringify(join(directory, "work"))}, policy: { network: { allow: ["localhost:9"] } }, limits: { memory: "256MiB" },
      });
      console.log(box.pid);
      await box.exit;`);
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: directory } });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(2); });
    const cgroups = readFileSync(`/proc/${Number(line.toString())}/cgroup`, "utf8").split("\n").flatMap((row) => {
      const [, controllers = "", path = ""] = row.split(":");
      return path.includes("/dune-") ? [join("/sys/fs/cgroup", controllers, path)] : [];
    });
    expect(readdirSync(directory).filter((name) => name.startsWith("dune-relay-"))).toHaveLength(1);
    child.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(processesWith(word)).toEqual([]);
      expect(readdirSync(directory).filter((name) => name.startsWith("dune-relay-"))).toEqual([]);
      expect(cgroups.filter((path) => existsSync(path))).toEqual([]);
    }, { timeout: 4000 });
  });
});
