/**
 * Making text from outside safe to print. A file name may contain anything but NUL: an escape
 * sequence that rewrites the terminal, a newline that fakes a second message, or a bidirectional
 * override that shows `exe.txt` for `txt.exe`.
 */

/** Characters a shell takes literally, anywhere in a word. */
const PLAIN = /^[\w./:@%+,=-]+$/;

/** Controls, format characters (bidi, zero-width), separators, lone surrogates, private use; the plain space is fine. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]|(?! )\p{Zs}/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * `text` as one word that can be printed and pasted into bash: unchanged where possible, in single
 * quotes where needed, as `$'…'` with escapes where it contains what a terminal must not see.
 */
export function quote(text: string): string {
  if (PLAIN.test(text)) return text;
  if (printable(text) === text) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = text.replace(/[\\']/g, String.raw`\$&`).replace(UNPRINTABLE, escapeCharacter);
  return `$'${escaped}'`;
}

/** `text` with everything a terminal might act on replaced by a visible escape, and nothing else changed. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
