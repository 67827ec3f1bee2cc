import { printable } from "../quote.js";

/** A place in a text; both count from 1, columns in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const WIDTH = 100;

/** The line and column of an offset (in UTF-16 units). */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const bom = lineStart === 0 && before.startsWith("\uFEFF") ? 1 : 0;
  return { line: before.split("\n").length, column: Array.from(before.slice(lineStart)).length - bom + 1 };
}

/**
 * The line with a caret under the column:
 *
 *       3 | memory = "5x"
 *         |          ^
 */
export function excerpt(text: string, { line, column }: Place): string {
  const content = (text.split("\n")[line - 1] ?? "").replace(/^\uFEFF/, "").replace(/\r$/, "").replaceAll("\t", " ");
  const characters = Array.from(content);
  const from = column > WIDTH ? column - WIDTH / 2 : 0;
  const shown = printable(characters.slice(from, from + WIDTH).join(""));
  const indent = printable(characters.slice(from, column - 1).join("")).length;
  const number = String(line);
  const margin = " ".repeat(number.length);
  return `  ${number} | ${shown}\n  ${margin} | ${" ".repeat(indent)}^`;
}
