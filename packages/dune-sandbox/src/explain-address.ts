/** Explains refusals about sockets. */

import { flagFor, type ExplainContext, type Explanation } from "./explanation.js";
import { explainPath } from "./explain-path.js";
import { ACCESS } from "./landlock.js";
import { endpointText, isLocal, type SocketAddress } from "./sockaddr.js";

const DOMAIN = 53;

/** Why `call` (connect, bind, sendto) leads nowhere with `address`; `path` is a unix socket's, resolved. */
export function explainAddress(call: string, address: SocketAddress, path: string, context: ExplainContext): Explanation | undefined {
  switch (address.family) {
    case "unix":
      return explainSocketFile(call, path === "" ? address.path : path, context);
    case "ipv4":
    case "ipv6":
      if (context.policy.network.mode === "host" || address.port === 0) return undefined;
      return call === "bind" ? explainListening(address, context) : explainDestination(call, address, context);
    case "abstract":
    case "other":
      // Abstract names belong to the network namespace: the program's own work, others do not exist.
      return undefined;
  }
}

type InternetAddress = Extract<SocketAddress, { readonly port: number }>;

function explainDestination(call: string, { family, host, port }: InternetAddress, { policy, host: view }: ExplainContext): Explanation | undefined {
  if (isLocal(host)) return call === "connect" && view.listens(port) ? explainHostService(host, port) : undefined;
  if (policy.network.allow.some((endpoint) => endpoint.host === host && endpoint.port === port)) return undefined;
  const address = endpointText(host, port);
  if (port === DOMAIN) {
    return { kind: "lookup", address, rule: "default policy: no name server can be reached; the hosts of --allow-net are known without one" };
  }
  if (family === "ipv6") return { kind: "connect", address, rule: "default policy: no network; a policy names hosts or IPv4 addresses" };
  if (call === "sendto") return { kind: "connect", address, rule: "default policy: no network; a policy can allow TCP only" };
  const rule = policy.network.allow.length === 0 ? "default policy: no network" : "default policy: only the destinations of --allow-net can be reached";
  return { kind: "connect", address, rule, allow: `--allow-net ${address}`, input: { network: { allow: [address] } } };
}

/** The sandbox has a loopback of its own; where the host has a server and the program asks for it, that is likely what it meant. */
function explainHostService(host: string, port: number): Explanation {
  const destination = `localhost:${port}`;
  return {
    kind: "connect",
    address: endpointText(host, port),
    rule: "default policy: the host's own loopback cannot be reached",
    allow: `--allow-net ${destination}`,
    input: { network: { allow: [destination] } },
  };
}

/** Binding works inside, but nobody outside can connect: whoever starts a server wants to know. */
function explainListening({ host, port }: InternetAddress, { policy }: ExplainContext): Explanation | undefined {
  const published = policy.network.listen.some((entry) => entry.port === port);
  const everywhere = host === "0.0.0.0" || host === "::";
  if (published || !everywhere) return undefined;
  return {
    kind: "bind",
    address: endpointText(host, port),
    rule: `default policy: port ${port} is open inside the sandbox only`,
    allow: `--listen ${port}`,
    input: { network: { listen: [port] } },
  };
}

function explainSocketFile(call: string, path: string, context: ExplainContext): Explanation | undefined {
  const makes = call === "bind";
  const access = makes ? ACCESS.MAKE_SOCK : ACCESS.WRITE_FILE;
  const attempt = { path, access, entry: makes, opens: false, looks: false, owner: false, replaces: false };
  const explanation = explainPath(attempt, context);
  if (explanation === undefined || makes) return explanation;
  const rule = `${explanation.rule}; who listens there is outside the sandbox`;
  return { ...explanation, kind: "connect", address: `unix:${path}`, rule, allow: flagFor("--write", path) };
}
