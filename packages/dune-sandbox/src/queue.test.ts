import { describe, expect, test } from "vitest";
import { EventQueue } from "./queue.js";

async function all<T>(queue: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

describe("a queue of events", () => {
  test("gives a late reader everything, in order, and ends", async () => {
    const queue = new EventQueue<number>();
    for (const event of [1, 2, 3]) queue.push(event);
    queue.close();
    expect(await all(queue)).toEqual([1, 2, 3]);
  });

  test("wakes a reader that waits, for an event and for the end", async () => {
    const queue = new EventQueue<string>();
    const reading = all(queue);
    await Promise.resolve();
    queue.push("first");
    await new Promise((resolve) => setImmediate(resolve));
    queue.push("second");
    queue.push("third");
    await new Promise((resolve) => setImmediate(resolve));
    queue.close();
    expect(await reading).toEqual(["first", "second", "third"]);
  });

  test("ends at once if it was closed without an event", async () => {
    const queue = new EventQueue<number>();
    queue.close();
    queue.close();
    expect(await all(queue)).toEqual([]);
  });

  test("a reader may stop and come back", async () => {
    const queue = new EventQueue<number>();
    for (const event of [1, 2, 3]) queue.push(event);
    for await (const event of queue) if (event === 2) break;
    queue.close();
    expect(await all(queue)).toEqual([3]);
  });

  test("does not grow without bound when nobody reads", async () => {
    const queue = new EventQueue<number>();
    for (let event = 0; event < 50_000; event++) queue.push(event);
    queue.close();
    const events = await all(queue);
    expect(events.length).toBeLessThan(50_000);
    expect(events).toEqual(events.map((_, index) => index));
  });
});
