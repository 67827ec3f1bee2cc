/** Counting what the program prints. */

import { finished } from "node:stream/promises";
import { Transform } from "node:stream";
import type { Readable, TransformCallback } from "node:stream";

/** Bytes on both streams together; calls `exceeded` once. */
export class OutputMeter {
  readonly #bound: number;
  readonly #exceeded: (bytes: number) => void;
  readonly #ends: Promise<unknown>[] = [];
  #bytes = 0;

  constructor(bound: number, exceeded: (bytes: number) => void) {
    this.#bound = bound;
    this.#exceeded = exceeded;
  }

  /** Passes on what is within the bound. It has room for all of that, so counting never waits for a reader. */
  through(source: Readable): Readable {
    const stream = new Transform({
      readableHighWaterMark: this.#bound + 1,
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        const room = this.#bound - this.#bytes;
        this.#bytes += chunk.length;
        if (this.#bytes > this.#bound && room >= 0) this.#exceeded(this.#bytes);
        done(null, room <= 0 ? undefined : chunk.subarray(0, room));
      },
    });
    source.once("close", () => stream.end());
    this.#ends.push(finished(stream, { readable: false }).catch(() => undefined));
    return source.pipe(stream);
  }

  /** Settles when the program's streams have ended and everything has been counted. */
  async counted(): Promise<void> {
    await Promise.all(this.#ends);
  }
}
