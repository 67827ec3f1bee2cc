import fc from "fast-check";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { dialAddress, planNetwork, relayDirectory, RelayServer } from "./network.js";
import { isWithin } from "./policy/paths.js";
import type { Endpoint, NetworkPolicy } from "./policy/policy.js";
import { temporaryDirectory } from "./testing/native.js";

const origin = { kind: "api" } as const;
const answer = (...addresses: readonly string[]) => () => Promise.resolve(addresses);

function policy(allow: readonly string[], listen: readonly number[] = []): NetworkPolicy {
  const endpoints = allow.map((item): Endpoint => ({ host: item.split(":")[0] ?? "", port: Number(item.split(":")[1]), origin }));
  return { mode: "none", allow: endpoints, listen: listen.map((port) => ({ port, origin })) };
}

const octet = fc.nat(255);
const hex = fc.nat(0xffff).map((number) => number.toString(16));
const dotted = (...octets: readonly number[]): string => octets.join(".");

/** IPv4 addresses of this host, of its link, or of a cloud's metadata service. */
const forbidden4 = fc.oneof(
  fc.tuple(fc.constant(127), octet, octet, octet).map((octets) => dotted(...octets)),
  fc.tuple(fc.constant(0), octet, octet, octet).map((octets) => dotted(...octets)),
  fc.tuple(octet, octet).map(([c, d]) => dotted(169, 254, c, d)),
  fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet).map((octets) => dotted(...octets)),
  fc.constantFrom("169.254.169.254", "100.100.100.200", "168.63.129.16"),
  fc.constantFrom(...Object.values(networkInterfaces()).flatMap((all = []) => all).filter(({ family }) => family === "IPv4").map(({ address }) => address), "127.0.0.1"),
);

/** The ways of writing an IPv4 address as an IPv6 one that reaches it (RFC 4291, 2.5.5.2). */
const mapped = forbidden4.chain((address) => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const high = ((a << 8) | b).toString(16);
  const low = ((c << 8) | d).toString(16);
  return fc.constantFrom(`::ffff:${address}`, `::FFFF:${address}`, `0:0:0:0:0:ffff:${address}`, `::ffff:${high}:${low}`, `0:0:0:0:0:ffff:${high}:${low}`);
});

const forbidden6 = fc.oneof(
  fc.constantFrom("::", "::1", "0:0:0:0:0:0:0:1", "fd00:ec2::254", "FD00:EC2::254"),
  hex.map((tail) => `fe80::${tail}`),
  hex.map((tail) => `febf::${tail}`),
  hex.map((tail) => `ff02::${tail}`),
  fc.constantFrom(...Object.values(networkInterfaces()).flatMap((all = []) => all).filter(({ family }) => family === "IPv6").map(({ address }) => address), "::1"),
);

const public4 = fc.tuple(fc.constantFrom(1, 8, 93, 203), octet, octet, octet).map((octets) => dotted(...octets));
const public6 = fc.tuple(hex, hex).map(([a, b]) => `2001:db8:${a}::${b}`);

describe("the address that is dialled", () => {
  test("for localhost is the host's loopback, without asking anybody", async () => {
    const ask = (): Promise<never> => Promise.reject(new Error("asked"));
    expect(await dialAddress("localhost", ask)).toBe("127.0.0.1");
    expect(await dialAddress("169.254.169.254", ask)).toBe("169.254.169.254"); // named by the policy itself
  });

  test("for a name is never this host, its link, or a cloud's metadata", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(forbidden4, mapped, forbidden6), { minLength: 1, maxLength: 5 }), async (addresses) => {
      expect(await dialAddress("rebound.example", answer(...addresses))).toBeUndefined();
    }));
  });

  test("for a name is the first of its other addresses", async () => {
    const some = fc.array(fc.oneof(forbidden4, mapped, forbidden6), { maxLength: 3 });
    await fc.assert(fc.asyncProperty(some, fc.oneof(public4, public6), some, async (before, address, after) => {
      expect(await dialAddress("good.example", answer(...before, address, ...after))).toBe(address);
    }));
  });

  test("for a name without any is none", async () => {
    expect(await dialAddress("empty.example", answer())).toBeUndefined();
  });

  test("is looked up once: what a second lookup would say does not count", async () => {
    let lookups = 0;
    const rebinding = (): Promise<string[]> => Promise.resolve([lookups++ === 0 ? "192.0.2.1" : "127.0.0.1"]);
    expect(await dialAddress("rebinding.example", rebinding)).toBe("192.0.2.1");
    expect(lookups).toBe(1);
  });

  test("a lookup that fails is the caller's to hear of", async () => {
    await expect(dialAddress("lost.example", () => Promise.reject(new Error("ENOTFOUND")))).rejects.toThrow("ENOTFOUND");
  });
});

describe("the plan", () => {
  test("nothing allowed is nothing to relay, and names of its own", () => {
    expect(planNetwork(policy([]), "inside")).toEqual({ relays: [], names: [], hosts: "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.0.1 inside\n" });
  });

  test("a name has one address for all its ports, literals and localhost keep theirs", () => {
    const { relays, names, hosts } = planNetwork(policy(["a.example:80", "192.0.2.7:22", "a.example:443", "localhost:5432", "b.example:80"], [8080]), "inside");
    const [a, b] = [names.find(({ name }) => name === "a.example")?.address, names.find(({ name }) => name === "b.example")?.address];
    expect(relays.map(({ direction, address, port }) => ({ direction, address, port }))).toEqual([
      { direction: "out", address: a, port: 80 },
      { direction: "out", address: [192, 0, 2, 7], port: 22 },
      { direction: "out", address: a, port: 443 },
      { direction: "out", address: [127, 0, 0, 1], port: 5432 },
      { direction: "out", address: b, port: 80 },
      { direction: "in", address: [127, 0, 0, 1], port: 8080 },
    ]);
    expect(hosts).toContain(`\n${a?.join(".") ?? ""} a.example\n`);
    expect(hosts).not.toContain("127.0.1.3 localhost");
  });

  test("different names have different addresses, on the loopback and not the host's usual one; sockets have names of their own", () => {
    const names = fc.uniqueArray(fc.nat(1000).map((number) => `n${number}.example`), { minLength: 1, maxLength: 300 });
    fc.assert(fc.property(names, (hosts) => {
      const plan = planNetwork(policy(hosts.map((host) => `${host}:443`)), "inside");
      const addresses = plan.names.map(({ address }) => address.join("."));
      expect(new Set(addresses).size).toBe(hosts.length);
      for (const { address } of plan.names) {
        expect(address[0]).toBe(127);
        expect(address.slice(1).every((byte) => byte >= 0 && byte <= 255)).toBe(true);
        expect(address.join(".")).not.toBe("127.0.0.1");
      }
      expect(new Set(plan.relays.map(({ socket }) => socket)).size).toBe(hosts.length);
    }));
  });
});

/** A server on the host's loopback that says who it is and repeats what it hears. */
async function echo(): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => { socket.write("hello "); socket.pipe(socket); });
  await listening(server);
  onTestFinished(() => { server.close(); });
  return (server.address() as AddressInfo).port;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

describe("the relay", () => {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  test("carries both directions, and the end of each", async () => {
    const port = await echo();
    await using server = await RelayServer.start(policy([`localhost:${port}`]), owner, () => undefined);
    const socket = connect({ path: join(server.directory, "out-0"), allowHalfOpen: true });
    const sent = "x".repeat(1_000_000);
    socket.end(sent);
    expect(await text(socket)).toBe(`hello ${sent}`);
  });

  test("says why it could not connect", async () => {
    const closed = createServer();
    await listening(closed);
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const problems: string[] = [];
    await using server = await RelayServer.start(policy([`localhost:${port}`]), owner, ({ host }, reason) => { problems.push(`${host}: ${reason}`); });
    const socket = connect({ path: join(server.directory, "out-0") });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(problems).toEqual(["localhost: ECONNREFUSED"]);
  });

  test("its directory is its owner's alone, and gone afterwards with all connections", async () => {
    const port = await echo();
    const server = await RelayServer.start(policy([`localhost:${port}`]), owner, () => undefined);
    expect(statSync(server.directory)).toMatchObject({ uid: owner.uid, gid: owner.gid });
    expect(statSync(server.directory).mode & 0o777).toBe(0o700);
    const socket = connect({ path: join(server.directory, "out-0") });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await server[Symbol.asyncDispose]();
    await closed;
    expect(existsSync(server.directory)).toBe(false);
  });

  test("its directory lies in nothing that the program is granted", async () => {
    const paths = [{ path: realpathSync(tmpdir()) }];
    await using server = await RelayServer.start(policy([]), owner, () => undefined, paths);
    expect(isWithin(realpathSync(server.directory), realpathSync(tmpdir()))).toBe(false);
  });

  test("its directory is the first that is not granted, by whichever name, and can be made", () => {
    const base = realpathSync(temporaryDirectory());
    for (const name of ["granted", "granted/deep", "free"]) mkdirSync(join(base, name));
    symlinkSync("granted", join(base, "alias"));
    const granted = [{ path: join(base, "granted") }];
    const places = ["granted", "granted/deep", "alias", "missing", "free"].map((name) => join(base, name));
    expect(dirname(relayDirectory(granted, places))).toBe(join(base, "free"));
    expect(() => relayDirectory(granted, places.slice(0, -1))).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_START", fix: expect.stringContaining("TMPDIR") as string }) as Error);
  });

  test("a port that is taken is an error that leaves nothing behind", async () => {
    const port = await echo();
    await expect(RelayServer.start(policy([], [port]), owner, () => undefined)).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
  });
});
