/** Where the nosy program sends what it finds: a listener on the host's loopback. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Collector implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #callers = new Set<number | undefined>();
  #messages: Promise<string>[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.#callers.add(socket.remotePort);
      this.#messages.push(readAll(socket));
    });
  }

  static async open(): Promise<Collector> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Collector(server);
  }

  /** Everything that was sent since the last call, by whoever has ended. */
  async take(): Promise<string> {
    // Connections are accepted in turn: when one of ours has been, so have all that came before it.
    const marker = connect(this.port, "127.0.0.1");
    await once(marker, "connect");
    const { localPort } = marker;
    while (!this.#callers.has(localPort)) await once(this.#server, "connection");
    marker.destroy();
    const messages = this.#messages;
    this.#messages = [];
    return (await Promise.all(messages)).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** What came before the connection ended, in whichever way. */
function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => { text += chunk; });
    socket.on("error", () => undefined);
    socket.once("close", () => { resolve(text); });
  });
}
