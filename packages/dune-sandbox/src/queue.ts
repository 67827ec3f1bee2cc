/** Events from a producer to one consumer, which may come late. */

/** Events that wait for a reader; what comes on top is dropped, as nobody seems to read. */
const MOST_WAITING = 10_000;

/** A producer pushes, one consumer iterates; ends when the producer closes. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  push(event: T): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(event);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event !== undefined) yield event;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }
}
