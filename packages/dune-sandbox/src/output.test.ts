import fc from "fast-check";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { OutputMeter } from "./output.js";

/** Writes chunks to the streams of one meter, in order, and says what came through and what was called exceeded. */
async function through(bound: number, chunks: readonly (readonly [stream: 0 | 1, bytes: number])[]): Promise<{ passed: number[]; exceeded: number[] }> {
  const exceeded: number[] = [];
  const meter = new OutputMeter(bound, (bytes) => exceeded.push(bytes));
  const streams = [new PassThrough(), new PassThrough()] as const;
  const outputs = streams.map((stream) => buffer(meter.through(stream)));
  for (const [index, bytes] of chunks) await new Promise((resolve) => streams[index].write(Buffer.alloc(bytes, 65 + index), resolve));
  for (const stream of streams) stream.end();
  await meter.counted();
  const passed = await Promise.all(outputs);
  passed.forEach((bytes, index) => { expect(bytes.every((byte) => byte === 65 + index)).toBe(true); });
  return { passed: passed.map(({ length }) => length), exceeded };
}

test("what is within the bound passes", async () => {
  expect(await through(10, [[0, 4], [1, 6]])).toEqual({ passed: [4, 6], exceeded: [] });
});

test("of the chunk that exceeds it what still fits passes, and nothing after that", async () => {
  expect(await through(10, [[0, 4], [1, 5], [0, 3], [1, 1]])).toEqual({ passed: [5, 5], exceeded: [12] });
});

test("just the bound passes and is announced once, however the output is cut", async () => {
  const chunk = fc.tuple(fc.constantFrom(0 as const, 1 as const), fc.integer({ min: 1, max: 20 }));
  await fc.assert(fc.asyncProperty(fc.nat(60), fc.array(chunk, { maxLength: 12 }), async (bound, chunks) => {
    const total = chunks.reduce((sum, [, bytes]) => sum + bytes, 0);
    const { passed: [out = 0, err = 0], exceeded } = await through(bound, chunks);
    expect(out + err).toBe(Math.min(bound, total));
    expect(exceeded).toHaveLength(total > bound ? 1 : 0);
    for (const bytes of exceeded) expect(bytes).toBeGreaterThan(bound);
  }), { numRuns: 50 });
});

test("counting does not wait for a reader", async () => {
  const exceeded: number[] = [];
  const meter = new OutputMeter(1 << 20, (bytes) => exceeded.push(bytes));
  const source = new PassThrough();
  meter.through(source); // and nobody reads it
  source.end(Buffer.alloc(3 << 20));
  await meter.counted();
  expect(exceeded).toHaveLength(1);
});
