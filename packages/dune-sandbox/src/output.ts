/** Counting what the program prints. */

import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";

/** Bytes on both streams together; calls `exceeded` once. */
export class OutputMeter {
  readonly #bound: number;
  readonly #exceeded: (bytes: number) => void;
  #bytes = 0;

  constructor(bound: number, exceeded: (bytes: number) => void) {
    this.#bound = bound;
    this.#exceeded = exceeded;
  }

  /** A stream to put between the program and its reader: passes on what is within the bound. */
  stream(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        const room = this.#bound - this.#bytes;
        this.#bytes += chunk.length;
        if (this.#bytes > this.#bound && room >= 0) this.#exceeded(this.#bytes);
        done(null, room <= 0 ? undefined : chunk.subarray(0, room));
      },
    });
  }
}
