import { domainToASCII } from "node:url";
import type { Reading } from "./units.js";

export interface HostPort {
  /** Lower case; a name, an IPv4 address, or `localhost`. */
  readonly host: string;
  readonly port: number;
}

/** JSON Schema pattern for editors; `readEndpoint` says more. */
export const ENDPOINT_PATTERN = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?:[0-9]{1,5}$";

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/;
const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** A destination `host:port`, strictly: what is accepted here is compared byte by byte later. */
export function readEndpoint(text: string): Reading<HostPort> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/([^/:]*)(?::(\d+))?/i.exec(text);
  if (scheme) return { problem: `must be "host:port" without a scheme or a path, as in "${scheme[2] ?? ""}:${scheme[3] ?? schemePort(scheme[1])}"` };
  if (text.startsWith("[") || text.split(":").length > 2) return { problem: "names an IPv6 address; only names and IPv4 addresses can be allowed. Write the host's name" };
  const [host = "", port] = text.split(":");
  if (port === undefined) return { problem: `lacks the port, as in "${host === "" ? "example.org" : host}:443"` };
  const number = readPort(port);
  if ("problem" in number) return number;
  const problem = hostProblem(host);
  return problem === undefined ? { value: { host: host.toLowerCase(), port: number.value } } : { problem };
}

/** A TCP port. */
export function readPort(input: number | string): Reading<number> {
  const port = typeof input === "number" ? input : /^\d{1,5}$/.test(input) ? Number(input) : NaN;
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? { value: port } : { problem: "must have a port between 1 and 65535" };
}

function hostProblem(host: string): string | undefined {
  if (host === "") return "lacks the host's name before the colon";
  if (host.includes("*")) return "has a wildcard; every name must be spelled out";
  if (/[^\x21-\x7e]/.test(host)) return foreignNameProblem(host);
  const labels = host.toLowerCase().split(".");
  // `127.1` and `0x7f.1` reach 127.0.0.1 through inet_aton(3): whatever ends in a number must be a plain address.
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return addressProblem(host);
  if (host.length > 253 || !labels.every((label) => LABEL.test(label))) return "has a host that is not a valid name";
  return undefined;
}

function addressProblem(host: string): string | undefined {
  const octets = IPV4.exec(host)?.slice(1).map(Number);
  if (octets?.every((octet) => octet <= 255) !== true) return `has an IPv4 address that is not four numbers from 0 to 255, as in "93.184.216.34:443"`;
  const [first = 0] = octets;
  if (first === 0) return `has an address that means "this host"; write "localhost"`;
  if (first >= 224) return "has a multicast or reserved address, which TCP cannot reach";
  return undefined;
}

function foreignNameProblem(host: string): string {
  const ascii = domainToASCII(host);
  return ascii === "" ? "has a host that is not a valid name" : `must be written in ASCII, as DNS does: "${ascii}"`;
}

function schemePort(scheme: string | undefined): string {
  return scheme?.toLowerCase() === "http" ? "80" : "443";
}
