/** The network is closed but for what is named; what is refused is refused quickly and explained. */

import { connect, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { asEveryone, sandbox } from "./harness.js";
import { inScene } from "./scene.js";

const PYTHON = "/usr/bin/python3";
/** An answer that takes longer than this was waited for, not refused. */
const QUICK_MS = 5000;

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server on the host's loopback that greets everyone. Returns its port. */
async function greeter(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("greetings\n");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Python that connects to host and port and prints what comes, or the name of the error. */
const reach = (host: string, port: number) =>
  [PYTHON, "-c", `import socket\ntry: print(socket.create_connection(('${host}', ${port}), 10).makefile().read().strip())\nexcept OSError as e: print(type(e).__name__, e.errno)`];

asEveryone("the network", (identity) => {
  test("by default reaches nothing, and the refusal names the flag", async () => {
    await inScene(identity, async (scene) => {
      const port = await greeter();
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      // The program's own loopback is not the host's: there is nobody, and nobody refused anything.
      expect((await sandbox(reach("127.0.0.1", port), options)).stdout).toMatch(/Error/);
      const result = await sandbox(reach("192.0.2.1", 80), options);
      expect(result.stdout).toMatch(/Error/);
      expect(result.stderr).toMatch(/--allow-net 192\.0\.2\.1:80/);
    });
  });

  test("reaches a listener of the host that is allowed, and no other", async () => {
    await inScene(identity, async (scene) => {
      const [allowed, other] = [await greeter(), await greeter()];
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      const flags = ["--allow-net", `localhost:${allowed}`];
      expect(await sandbox([...flags, ...reach("localhost", allowed)], options)).toMatchObject({ status: 0, stdout: "greetings\n", stderr: "" });
      expect((await sandbox([...flags, ...reach("localhost", other)], options)).stdout).toMatch(/Error/);
      expect((await sandbox([...flags, ...reach("192.0.2.1", allowed)], options)).stdout).toMatch(/Error/);
      expect(await scene.leftovers()).toEqual([]);
    });
  });

  test("carries many connections at once and much data", async () => {
    await inScene(identity, async (scene) => {
      const size = 4 << 20;
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.end(Buffer.alloc(size));
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const program =
        "import socket\nfrom concurrent.futures import ThreadPoolExecutor as T\n" +
        "def get(_):\n  s = socket.create_connection(('localhost', " + String(port) + ")); n = 0\n  while d := s.recv(65536): n += len(d)\n  return n\n" +
        "print(sum(T(16).map(get, range(16))))";
      const result = await sandbox(["--allow-net", `localhost:${port}`, PYTHON, "-c", program], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result).toMatchObject({ status: 0, stdout: `${16 * size}\n` });
    });
  });

  test("refuses the look-up of another name quickly and explains it", async () => {
    await inScene(identity, async (scene) => {
      const port = await greeter();
      const program = ["import socket, time", "start = time.time()", "try: socket.getaddrinfo('secret-data.example.org', 443); print('resolved')", "except socket.gaierror: print('refused', time.time() - start < 5)"];
      for (const flags of [[], ["--allow-net", `localhost:${port}`]]) {
        const started = Date.now();
        const result = await sandbox([...flags, PYTHON, "-c", program.join("\n")], { as: identity, cwd: scene.project, env: scene.environment });
        expect(result.stdout).toBe("refused True\n");
        expect(Date.now() - started).toBeLessThan(QUICK_MS + 5000);
        expect(result.stderr).toMatch(/secret-data\.example\.org/);
        expect(result.stderr).toMatch(/--allow-net/);
      }
    });
  });

  test("says why an allowed destination cannot be reached", async () => {
    await inScene(identity, async (scene) => {
      const port = await greeter();
      servers.pop()?.close();
      const result = await sandbox(["--allow-net", `localhost:${port}`, ...reach("localhost", port)], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result.stdout).not.toMatch(/greetings/);
    });
  });

  test("--listen publishes a server on the host's loopback", async () => {
    await inScene(identity, async (scene) => {
      const port = await freePort();
      const program = `import socket\ns = socket.create_server(('127.0.0.1', ${port}))\nc, _ = s.accept()\nc.sendall(b'served ' + c.recv(100))`;
      const running = sandbox(["--listen", String(port), PYTHON, "-c", program], { as: identity, cwd: scene.project, env: scene.environment });
      const answer = await call(port, "hello");
      expect({ answer, ...(await running) }).toMatchObject({ answer: "served hello", status: 0, stderr: "" });
      expect(await scene.leftovers()).toEqual([]);
    });
  });

  test("a port to publish that is taken is an error before the program starts", async () => {
    await inScene(identity, async (scene) => {
      const port = await greeter();
      const result = await sandbox(["--listen", String(port), "echo", "started"], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result).toMatchObject({ status: 125, stdout: "" });
      expect(result.stderr).toContain(String(port));
    });
  });

  test("a server inside that is not published cannot be reached", async () => {
    await inScene(identity, async (scene) => {
      const port = await freePort();
      const program = `import socket, time\ns = socket.create_server(('0.0.0.0', ${port}))\nopen('ready', 'w')\ntime.sleep(1)`;
      const running = sandbox([PYTHON, "-c", program], { as: identity, cwd: scene.project, env: scene.environment });
      await sleep(500);
      await expect(once(port, "x")).rejects.toThrow(/ECONNREFUSED/);
      await running;
    });
  });
});

async function freePort(): Promise<number> {
  const port = await greeter();
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  return port;
}

/** Sends a word and returns the whole answer; tries until somebody serves. */
async function call(port: number, word: string): Promise<string> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await once(port, word).catch(() => "");
    if (answer !== "" || Date.now() > deadline) return answer;
    await sleep(50);
  }
}

function once(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(word));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    socket.once("error", reject).once("end", () => {
      resolve(answer);
      socket.destroy();
    });
  });
}
