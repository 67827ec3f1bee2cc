import type { Screen } from "./screen.js";

/** What the demo promises: each is printed as it is checked, and those that were not kept are remembered. */
export class Promises {
  readonly broken: string[] = [];
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** @param text what should be so, as a statement */
  expect(text: string, kept: boolean): void {
    this.#screen.promise(text, kept);
    if (!kept) this.broken.push(text);
  }
}
