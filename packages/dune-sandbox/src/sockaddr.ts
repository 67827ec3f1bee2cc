/** `struct sockaddr` as system calls pass it: unix(7), ip(7), ipv6(7). */

import { isIPv4 } from "node:net";

/** Where a socket is to be connected or bound to. */
export type SocketAddress =
  /** `path` may be cut: only the head of the structure is copied out of the program. */
  | { readonly family: "unix"; readonly path: string }
  /** A name in the abstract namespace, or none at all. */
  | { readonly family: "abstract"; readonly name: string }
  /** IPv4, also where it was written as an IPv6 address (`::ffff:192.0.2.1`). */
  | { readonly family: "ipv4"; readonly host: string; readonly port: number }
  | { readonly family: "ipv6"; readonly host: string; readonly port: number }
  | { readonly family: "other"; readonly number: number };

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCKADDR_IN_SIZE = 8; // without sin_zero, which nobody reads
const SOCKADDR_IN6_SIZE = 24; // without sin6_scope_id, which the kernel does not insist on

/** Reads a socket address; undefined if it is too short to be one. */
export function decodeAddress(bytes: Uint8Array): SocketAddress | undefined {
  if (bytes.byteLength < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  switch (family) {
    case AF_UNIX:
      return decodeUnix(bytes.subarray(2));
    case AF_INET:
      if (bytes.byteLength < SOCKADDR_IN_SIZE) return undefined;
      return { family: "ipv4", host: bytes.subarray(4, 8).join("."), port: view.getUint16(2) };
    case AF_INET6:
      if (bytes.byteLength < SOCKADDR_IN6_SIZE) return undefined;
      return decodeInet6(bytes.subarray(8, 24), view.getUint16(2));
    default:
      return { family: "other", number: family };
  }
}

function decodeUnix(path: Uint8Array): SocketAddress {
  const decoder = new TextDecoder();
  if (path.byteLength === 0 || path[0] === 0) return { family: "abstract", name: decoder.decode(path.subarray(1)) };
  const end = path.indexOf(0);
  return { family: "unix", path: decoder.decode(end < 0 ? path : path.subarray(0, end)) };
}

function decodeInet6(address: Uint8Array, port: number): SocketAddress {
  const mapped = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
  if (mapped) return { family: "ipv4", host: address.subarray(12).join("."), port };
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16));
  // The URL parser knows how to shorten an IPv6 address (RFC 5952).
  return { family: "ipv6", host: new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), port };
}

/** `192.0.2.1:443`, `[2001:db8::1]:443` */
export function endpointText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address that never leaves the machine it is used on: loopback, or "any", which connect(2) takes for loopback. */
export function isLocal(host: string): boolean {
  return isIPv4(host) ? host.startsWith("127.") || host === "0.0.0.0" : host === "::1" || host === "::";
}
