import { parse } from "smol-toml";
import type { FieldPath } from "./input.js";

/** Offsets into a file's text, in UTF-16 units. */
export interface FieldOffsets {
  /** Where the field's name begins; an array's element has none. */
  readonly key: number | undefined;
  readonly value: number;
}

/** Where each field of a file stands; `undefined` for a field that is not in it. */
export type Positions = (field: FieldPath) => FieldOffsets | undefined;

const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BLANKS = /[ \t]*/y;
const BLANKS_LINES_COMMENTS = /(?:[ \t\r\n]|#[^\n]*)*/y;
const STRING = /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const OTHER_SCALAR = /[^,\]}#\n]+/y;

/**
 * Finds the position of every field of a TOML text, which the parser does not tell. The text has
 * been parsed before, so it is taken to be valid; on a surprise the rest is left without positions.
 */
export function tomlPositions(text: string): Positions {
  const scanner = new Scanner(text);
  scanner.document();
  return (field) => scanner.found.get(JSON.stringify(field));
}

class Scanner {
  readonly found = new Map<string, FieldOffsets>();
  /** For `[[name]]`: how many there were, by path. */
  readonly #tables = new Map<string, number>();
  readonly #text: string;
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith("\uFEFF") ? 1 : 0;
  }

  document(): void {
    let table: FieldPath = [];
    for (;;) {
      this.#skip(BLANKS_LINES_COMMENTS);
      if (this.#at >= this.#text.length) return;
      const header = this.#peek("[") ? this.#header() : undefined;
      if (header !== undefined) table = header;
      else if (!this.#pair(table)) return;
    }
  }

  /** `[a.b]` or `[[a.b]]`; returns the table that the following lines fill. */
  #header(): FieldPath | undefined {
    const start = this.#at;
    this.#at += 1;
    const repeated = this.#take("[");
    const keys = this.#keys();
    if (keys === undefined || !this.#take("]") || (repeated && !this.#take("]"))) return undefined;
    const path = this.#insideTables(keys.names.slice(0, -1), keys.names.slice(-1));
    if (!repeated) {
      this.#record(path, keys.start, start);
      return path;
    }
    const id = JSON.stringify(path);
    const index = this.#tables.get(id) ?? 0;
    this.#tables.set(id, index + 1);
    if (index === 0) this.#record(path, keys.start, start);
    this.#record([...path, index], undefined, start);
    return [...path, index];
  }

  /** A name that stands for an array of tables means the last of them. */
  #insideTables(names: readonly string[], last: readonly string[]): FieldPath {
    const path: (string | number)[] = [];
    for (const name of names) {
      path.push(name);
      const count = this.#tables.get(JSON.stringify(path));
      if (count !== undefined) path.push(count - 1);
    }
    return [...path, ...last];
  }

  #pair(table: FieldPath): boolean {
    const keys = this.#keys();
    if (keys === undefined || !this.#take("=")) return false;
    this.#skip(BLANKS);
    const path = [...table, ...keys.names];
    // `limits.memory = 1` also names `limits`, if nothing has before.
    for (let end = table.length + 1; end < path.length; end++) {
      const parent = path.slice(0, end);
      if (!this.found.has(JSON.stringify(parent))) this.#record(parent, keys.start, keys.start);
    }
    this.#record(path, keys.last, this.#at);
    return this.#value(path);
  }

  #keys(): { names: string[]; start: number; last: number } | undefined {
    this.#skip(BLANKS);
    const start = this.#at;
    const names: string[] = [];
    for (;;) {
      this.#skip(BLANKS);
      const last = this.#at;
      const name = this.#match(BARE_KEY) ?? unquote(this.#match(STRING));
      if (name === undefined) return undefined;
      names.push(name);
      this.#skip(BLANKS);
      if (!this.#take(".")) return { names, start, last };
    }
  }

  #value(path: FieldPath): boolean {
    if (this.#take("[")) return this.#list("]", (index) => {
      const element = [...path, index];
      this.#record(element, undefined, this.#at);
      return this.#value(element);
    });
    if (this.#take("{")) return this.#list("}", () => this.#pair(path));
    return (this.#match(STRING) ?? this.#match(OTHER_SCALAR)) !== undefined;
  }

  #list(end: string, item: (index: number) => boolean): boolean {
    for (let index = 0; ; index++) {
      this.#skip(BLANKS_LINES_COMMENTS);
      if (this.#take(end)) return true;
      if (!item(index)) return false;
      this.#skip(BLANKS_LINES_COMMENTS);
      if (!this.#take(",") && !this.#peek(end)) return false;
    }
  }

  #record(path: FieldPath, key: number | undefined, value: number): void {
    this.found.set(JSON.stringify(path), { key, value });
  }

  #peek(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  #take(character: string): boolean {
    if (!this.#peek(character)) return false;
    this.#at += 1;
    return true;
  }

  #skip(pattern: RegExp): void {
    this.#match(pattern);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [matched] = pattern.exec(this.#text) ?? [];
    if (matched !== undefined) this.#at += matched.length;
    return matched;
  }
}

function unquote(raw: string | undefined): string | undefined {
  if (raw === undefined) return undefined;
  const { name } = parse(`name = ${raw}`);
  return typeof name === "string" ? name : undefined;
}
