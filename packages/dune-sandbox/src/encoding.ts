import { SandboxError } from "./errors.js";

/**
 * Refuses arguments that are not UTF-8. Node has replaced their bytes by U+FFFD before we see them: the
 * program would get other arguments than were typed.
 *
 * @param args the last arguments of this process
 * @param cmdline the bytes of `/proc/self/cmdline`
 * @throws {SandboxError} `ERR_SANDBOX_ENCODING`
 */
export function checkEncoding(args: readonly string[], cmdline: Uint8Array): void {
  if (!args.some((arg) => arg.includes("\uFFFD"))) return;
  const words = splitAtNul(Buffer.from(cmdline)).slice(-args.length);
  const bad = words.find((word) => !isUtf8(word));
  if (bad === undefined) return;
  throw new SandboxError(
    "ERR_SANDBOX_ENCODING",
    `The argument ${bytesForShell(bad)} is not UTF-8 text; it cannot be handed on unchanged`,
    { fix: "give the file a name in UTF-8, or a link with such a name" },
  );
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const nul = bytes.indexOf(0, start);
    const end = nul === -1 ? bytes.length : nul;
    words.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return words;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes as bash's `$'…'`: printable ASCII as it is, everything else by number. */
function bytesForShell(bytes: Buffer): string {
  const escaped = Array.from(bytes, (byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    return plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `$'${escaped.join("")}'`;
}
