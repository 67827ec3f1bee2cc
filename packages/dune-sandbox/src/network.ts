/**
 * How the program reaches what the policy allows. In its network namespace every allowed name has an
 * address of 127.0.1.0/24 and up; a connection to it is relayed to a unix socket here, and this side
 * decides which address the name really stands for, and dials it.
 */

import { lookup } from "node:dns/promises";
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { BlockList, connect, createServer, isIP } from "node:net";
import type { Server, Socket } from "node:net";
import { homedir, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { SandboxError } from "./errors.js";
import type { Ipv4, Relay } from "./plan.js";
import { isWithin } from "./policy/paths.js";
import type { Endpoint, NetworkPolicy, PathRule } from "./policy/policy.js";
import { quote } from "./quote.js";

/** What the jail has to know of the network policy. */
export interface NetworkPlan {
  readonly relays: readonly Relay[];
  readonly names: readonly { readonly name: string; readonly address: Ipv4 }[];
  /** Contents of the program's /etc/hosts. */
  readonly hosts: string;
}

/** Gives every allowed name an address and every destination a socket. */
export function planNetwork({ allow, listen }: NetworkPolicy, hostname: string): NetworkPlan {
  const addresses = new Map<string, Ipv4>();
  for (const { host } of allow) {
    if (!addresses.has(host)) addresses.set(host, addressInside(host, addresses.size));
  }
  const names = [...addresses].filter(([host]) => isIP(host) === 0).map(([name, address]) => ({ name, address }));
  return {
    relays: [
      ...allow.map(({ host, port }, index) => ({ direction: "out" as const, address: addresses.get(host) ?? LOOPBACK, port, socket: `out-${index}` })),
      ...listen.map(({ port }) => ({ direction: "in" as const, address: LOOPBACK, port, socket: `in-${port}` })),
    ],
    names,
    hosts: [
      "127.0.0.1 localhost",
      "::1 localhost ip6-localhost ip6-loopback",
      `127.0.0.1 ${hostname}`,
      ...names.filter(({ name }) => name !== "localhost").map(({ name, address }) => `${address.join(".")} ${name}`),
      "",
    ].join("\n"),
  };
}

const LOOPBACK: Ipv4 = [127, 0, 0, 1];

/** `localhost` stays what it is; a literal keeps its address; the n-th name gets one of its own. */
function addressInside(host: string, index: number): Ipv4 {
  if (host === "localhost") return LOOPBACK;
  if (isIP(host) === 4) return host.split(".").map(Number) as unknown as Ipv4;
  return [127, 0, 1 + Math.floor(index / 254), 1 + (index % 254)];
}

/** Addresses that no name may lead to: a rebinding server could otherwise reach the host or a cloud's credentials. */
function neverByName(): BlockList {
  const list = new BlockList();
  list.addSubnet("0.0.0.0", 8, "ipv4");
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addSubnet("169.254.0.0", 16, "ipv4"); // link-local, and most clouds' metadata
  list.addSubnet("224.0.0.0", 3, "ipv4");
  list.addAddress("168.63.129.16", "ipv4"); // Azure
  list.addAddress("100.100.100.200", "ipv4"); // Alibaba
  list.addAddress("::", "ipv6");
  list.addAddress("::1", "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  list.addSubnet("ff00::", 8, "ipv6");
  list.addAddress("fd00:ec2::254", "ipv6"); // AWS
  list.addAddress("fd20:ce::254", "ipv6"); // Google
  // The same IPv4 addresses behind NAT64 (RFC 6052).
  list.addSubnet("64:ff9b::7f00:0", 104, "ipv6");
  list.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    list.addAddress(address.replace(/%.*$/, ""), family === "IPv6" ? "ipv6" : "ipv4");
  }
  return list;
}

function isBlocked(list: BlockList, address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped === undefined ? list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") : list.check(mapped, "ipv4");
}

/**
 * The address to dial for an allowed host: the policy's own literal, the host's loopback for
 * `localhost`, else the first address of the name that is neither the host itself nor link-local.
 * `undefined` if there is none.
 */
export async function dialAddress(host: string, resolve: (name: string) => Promise<readonly string[]> = resolveName): Promise<string | undefined> {
  if (host === "localhost") return "127.0.0.1";
  if (isIP(host) !== 0) return host;
  const blocked = neverByName();
  return (await resolve(host)).find((address) => !isBlocked(blocked, address));
}

async function resolveName(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Milliseconds for the last bytes of a run. */
const FLUSH_MS = 1000;

/** Why a connection that the policy allows did not come about. */
export type DialProblem = (endpoint: Endpoint, reason: string) => void;

/** The host's side of the relays of one run. */
export class RelayServer implements AsyncDisposable {
  /** Directory of the unix sockets, for `PLAN_RELAYDIR`. */
  readonly directory: string;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #sending = new Set<Promise<void>>();
  readonly #problem: DialProblem;

  private constructor(directory: string, problem: DialProblem) {
    this.directory = directory;
    this.#problem = problem;
  }

  /**
   * @param owner host uid and gid of the jail, which must reach the sockets
   * @param paths what the program is granted: the sockets must lie outside, where it can neither use nor replace them
   * @throws {SandboxError} `ERR_SANDBOX_START` if a port of `network.listen` is taken on the host, or no place is left for the sockets
   */
  static async start(
    network: NetworkPolicy,
    owner: { readonly uid: number; readonly gid: number },
    problem: DialProblem,
    paths: readonly Pick<PathRule, "path">[] = [],
  ): Promise<RelayServer> {
    const server = new RelayServer(relayDirectory(paths, relayPlaces(owner.uid)), problem);
    try {
      chmodSync(server.directory, 0o700);
      for (const [index, endpoint] of network.allow.entries()) {
        const path = join(server.directory, `out-${index}`);
        await server.#listen((socket) => { server.#dial(endpoint, socket); }, { path });
        chownSync(path, owner.uid, owner.gid);
      }
      for (const { port } of network.listen) {
        const path = join(server.directory, `in-${port}`);
        await server.#listen((socket) => { server.#join(connect({ path }), socket); }, { host: "127.0.0.1", port });
      }
      chownSync(server.directory, owner.uid, owner.gid);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw isErrno(error) && error.syscall === "listen" ? cannotListen(error) : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What the program had sent before it ended still has to leave; but nobody waits for a peer that does not read.
    await Promise.race([Promise.all(this.#sending), setTimeout(FLUSH_MS, undefined, { ref: false })]);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(this.directory, { recursive: true, force: true });
  }

  #listen(accept: (socket: Socket) => void, where: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, accept);
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(where, () => {
        server.off("error", reject);
        resolve();
      });
    });
  }

  #dial(endpoint: Endpoint, inner: Socket): void {
    this.#track(inner);
    const failed = (reason: string): void => {
      this.#problem(endpoint, reason);
      inner.destroy();
    };
    dialAddress(endpoint.host).then(
      (address) => {
        if (address === undefined) {
          failed("the name leads to this host or to a link-local address");
          return;
        }
        const outer = connect({ host: address, port: endpoint.port, allowHalfOpen: true });
        outer.once("error", (error: NodeJS.ErrnoException) => { failed(error.code ?? error.message); });
        this.#join(inner, outer);
      },
      (error: unknown) => { failed(isErrno(error) ? String(error.code) : String(error)); },
    );
  }

  #join(inner: Socket, outer: Socket): void {
    this.#track(inner);
    this.#track(outer);
    inner.pipe(outer);
    outer.pipe(inner);
    // What was read before the end still has to be written.
    inner.once("close", (broken) => { end(outer, broken); });
    outer.once("close", (broken) => { end(inner, broken); });
    const sent = finished(outer, { readable: false }).catch(() => undefined).finally(() => { this.#sending.delete(sent); });
    this.#sending.add(sent);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    // A broken connection is the program's to notice; it must not end ours.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** Where a directory for the sockets of `uid` may be made, the usual place first. What is root's alone nobody else can reach. */
function relayPlaces(uid: number): string[] {
  const shared = [tmpdir(), "/dev/shm", "/var/tmp"];
  return uid === process.geteuid?.() ? [...shared, `/run/user/${uid}`, join(homedir(), ".cache")] : shared;
}

/**
 * A new directory that no rule covers.
 *
 * @throws {SandboxError} `ERR_SANDBOX_START` if each of `places` is granted or cannot be written
 */
export function relayDirectory(paths: readonly Pick<PathRule, "path">[], places: readonly string[]): string {
  for (const place of places) {
    try {
      const real = realpathSync(place);
      if (!paths.some(({ path }) => isWithin(real, path))) return mkdtempSync(join(real, "dune-relay-"));
    } catch {
      // not there, or not ours to write
    }
  }
  throw new SandboxError(
    "ERR_SANDBOX_START",
    `The sockets of the network relay need a directory that the program is not granted, and each of ${places.map((place) => quote(place)).join(", ")} is granted or cannot be written`,
    { fix: "TMPDIR=<a directory outside all grants> dune-sandbox ..." },
  );
}

function end(socket: Socket, broken: boolean): void {
  if (broken) socket.destroy();
  else socket.destroySoon();
}

function isErrno(error: unknown): error is NodeJS.ErrnoException & { readonly port?: number } {
  return error instanceof Error && "code" in error;
}

function cannotListen(cause: NodeJS.ErrnoException & { readonly port?: number }): SandboxError {
  const why = cause.code === "EADDRINUSE" ? "something on the host listens there already" : String(cause.code);
  return new SandboxError("ERR_SANDBOX_START", `Port ${cause.port ?? 0} cannot be published on 127.0.0.1: ${why}`, { cause, fix: `ss -ltnp sport = :${cause.port ?? 0}` });
}
