import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { Collector } from "./collector.js";

async function send(port: number, text: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.end(text);
  await once(socket, "close");
}

test("the collector gives what was sent since it was last asked, and nothing twice", async () => {
  await using collector = await Collector.open();
  expect(await collector.take()).toBe("");
  await send(collector.port, "one ");
  await send(collector.port, "two");
  expect(await collector.take()).toBe("one two");
  expect(await collector.take()).toBe("");
});
