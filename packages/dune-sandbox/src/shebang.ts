/** The first line of a script, as the kernel reads it (fs/binfmt_script.c). */

/** BINPRM_BUF_SIZE: the kernel looks at no more of a file than this. */
export const HEAD_BYTES = 256;

export interface Shebang {
  readonly interpreter: string;
  /** Everything after the interpreter, as one argument. */
  readonly argument: string | undefined;
  /** The line ends in a carriage return, which the kernel takes for a part of the name. */
  readonly carriageReturn: boolean;
}

/** What the line says, or why the kernel would refuse it. `head` begins with `#!`. */
export function readShebang(head: Buffer): Shebang | { readonly problem: string } {
  const buffer = head.subarray(2, HEAD_BYTES);
  const newline = buffer.indexOf("\n");
  const line = (newline === -1 ? buffer : buffer.subarray(0, newline)).toString("utf8").split("\0")[0] ?? "";
  const carriageReturn = line.endsWith("\r");
  const text = line.replace(/\r$/, "").replace(/^[ \t]+|[ \t]+$/g, "");
  const [, interpreter, argument] = /^([^ \t]+)[ \t]*(.*)$/.exec(text) ?? [];
  if (interpreter === undefined) return { problem: "names no interpreter after #!" };
  const cut = newline === -1 && head.length >= HEAD_BYTES && argument === "";
  if (cut) return { problem: `names an interpreter that does not fit into ${HEAD_BYTES} bytes, which is all the kernel reads` };
  return { interpreter, argument: argument === "" ? undefined : argument, carriageReturn };
}

/**
 * The program that `env` will look for in PATH, for a script that begins with `#!/usr/bin/env name`.
 * `undefined` where that takes more of env's own grammar than `-S` and assignments: its options take
 * arguments, and a guess would let a script choose which file is taken for its interpreter.
 */
export function envProgram({ interpreter, argument }: Shebang): string | undefined {
  if (argument === undefined || !/(^|\/)env$/.test(interpreter)) return undefined;
  const split = /^(?:-S|--split-string(?:=|[ \t]+))[ \t]*(.*)$/.exec(argument)?.[1];
  // Without -S the kernel hands over everything as one word.
  const words = split === undefined ? [argument] : split.split(/[ \t]+/);
  const program = words.findIndex((word) => !word.includes("="));
  if (program === -1 || words.slice(0, program + 1).some((word) => !isPlain(word))) return undefined;
  return words[program];
}

/** Neither an option, nor anything that `env -S` expands, nor the PATH in which the program is looked up. */
function isPlain(word: string): boolean {
  return word !== "" && !/^-|^PATH=|["'\\$#]/.test(word);
}
