/** Reading a policy file: every error says file, line, column and field, and shows the line. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { findNodeAtLocation, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Node, ParseError } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { PolicyError } from "../errors.js";
import { quote } from "../quote.js";
import { excerpt, placeOf } from "./excerpt.js";
import type { Place } from "./excerpt.js";
import type { FieldPath, PolicyInput, PolicyLayer } from "./input.js";
import { checkPolicy, fieldName } from "./problem.js";
import type { Problem } from "./problem.js";
import { policyFileSchema, policyInputSchema } from "./schema.js";
import { tomlPositions } from "./toml-positions.js";
import type { Positions } from "./toml-positions.js";

const MAX_BYTES = 1 << 20;
/** A policy is three levels deep; more is an attack on the parser's stack. */
const MAX_DEPTH = 16;

interface Parsed {
  readonly value: unknown;
  readonly positions: Positions;
}

/**
 * Reads and checks a policy file. TOML or JSON (with comments) by its extension, else by its first character.
 *
 * @param file a path; relative paths start from `cwd`
 * @throws {PolicyError}
 */
export function readPolicyFile(file: string, cwd: string): PolicyLayer {
  return parsePolicy(decode(readBytes(file, cwd), file), file, cwd);
}

/**
 * Checks the text of a policy file.
 *
 * @param file its name: decides the format, and where relative paths start from
 * @throws {PolicyError}
 */
export function parsePolicy(text: string, file: string, cwd: string = process.cwd()): PolicyLayer {
  if (text.replace(/^\uFEFF/, "").trim() === "") throw new PolicyError(`${quote(file)} is empty; a policy that grants nothing more is written {}`, { file });
  const { value, positions } = isJson(text, file) ? readJson(text, file) : readToml(text, file);
  const checked = checkPolicy(policyFileSchema, value);
  if ("problems" in checked) throw earliest(checked.problems, text, file, positions);
  const path = resolve(cwd, file);
  const layer = { input: checked.input, base: dirname(path), optional: false, file: path };
  return { ...layer, origin: (field) => ({ kind: "file", file, line: lineOf(text, positions, field) }) };
}

/**
 * Checks a policy given as an object.
 *
 * @throws {PolicyError}
 */
export function policyLayer(policy: PolicyInput, cwd: string): PolicyLayer {
  const checked = checkPolicy(policyInputSchema, policy);
  if ("problems" in checked) {
    const [{ field, message }] = checked.problems;
    const name = fieldName(field);
    throw new PolicyError(`The policy's ${name === "" ? "value" : name} ${message}`, { field: name });
  }
  return { input: checked.input, base: cwd, optional: false, origin: () => ({ kind: "api" }) };
}

function readBytes(file: string, cwd: string): Buffer {
  if (file.includes("\0")) throw new PolicyError(`The policy file's name ${quote(file)} contains a NUL character`, { file });
  let descriptor: number | undefined;
  try {
    descriptor = openSync(resolve(cwd, file), "r");
    if (fstatSync(descriptor).isDirectory()) throw new PolicyError(`The policy ${quote(file)} is a directory, not a file`, { file });
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) got = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (length > MAX_BYTES) throw new PolicyError(`The policy ${quote(file)} is larger than 1 MiB`, { file });
    return buffer.subarray(0, length);
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    throw new PolicyError(`The policy ${quote(file)} cannot be read: ${reason(error)}`, { file, cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    // The first replacement character that is not in the file as such stands where the encoding breaks.
    const text = bytes.toString("utf8");
    const bad = [...text.matchAll(/\uFFFD/g)].find(({ index }) => {
      const at = Buffer.byteLength(text.slice(0, index));
      return !bytes.subarray(at, at + 3).equals(Buffer.from("\uFFFD"));
    });
    throw failure("is not UTF-8 text here", file, text, placeOf(text, bad?.index ?? 0), { cause });
  }
}

function isJson(text: string, file: string): boolean {
  const extension = extname(file).toLowerCase();
  if (extension === ".toml") return false;
  return extension === ".json" || extension === ".jsonc" || /^\uFEFF?\s*[{/]/.test(text);
}

function readToml(text: string, file: string): Parsed {
  try {
    return { value: parseToml(text, { maxDepth: MAX_DEPTH }), positions: tomlPositions(text) };
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [message = ""] = cause.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw failure(message, file, text, cause, { cause });
  }
}

function readJson(text: string, file: string): Parsed {
  const deep = jsonTooDeep(text);
  if (deep !== undefined) throw failure("is nested too deeply", file, text, placeOf(text, deep));
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) throw failure(jsonProblem(first), file, text, placeOf(text, first.offset));
  if (root === undefined) throw failure("has no value", file, text, { line: 1, column: 1 });
  return { value: jsonValue(root, text, file), positions: (field) => jsonOffsets(root, field) };
}

/** The offset at which brackets nest deeper than any policy; brackets in strings and comments do no harm to count out. */
function jsonTooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|[[\]{}]/g)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > MAX_DEPTH) return index;
  }
  return undefined;
}

/** `CommaExpected` becomes "a comma is expected". */
function jsonProblem({ error }: ParseError): string {
  const name = printParseErrorCode(error);
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.endsWith(" expected") ? `${words.slice(0, -" expected".length)} is expected here` : `${words} here`;
}

function jsonValue(node: Node, text: string, file: string): unknown {
  if (node.type === "array") return node.children?.map((child) => jsonValue(child, text, file)) ?? [];
  if (node.type !== "object") return node.value;
  const seen = new Map<string, unknown>();
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (seen.has(name)) throw failure(`${JSON.stringify(name)} is there twice`, file, text, placeOf(text, key.offset));
    seen.set(name, jsonValue(value, text, file));
  }
  return Object.fromEntries(seen);
}

function jsonOffsets(root: Node, field: FieldPath): ReturnType<Positions> {
  const node = findNodeAtLocation(root, [...field]);
  if (node === undefined) return undefined;
  const [key] = node.parent?.type === "property" ? (node.parent.children ?? []) : [];
  return { key: key?.offset, value: node.offset };
}

function lineOf(text: string, positions: Positions, field: FieldPath): number {
  for (let end = field.length; end > 0; end--) {
    const offsets = positions(field.slice(0, end));
    if (offsets !== undefined) return placeOf(text, offsets.value).line;
  }
  return 1;
}

/** Of several problems, the one that comes first in the file: the others are often its consequences. */
function earliest(problems: readonly Problem[], text: string, file: string, positions: Positions): PolicyError {
  const placed = problems.map((problem) => {
    const offsets = positions(problem.field);
    return { problem, offset: (problem.at === "key" ? offsets?.key : undefined) ?? offsets?.value ?? 0 };
  });
  const first = placed.reduce((a, b) => (b.offset < a.offset ? b : a));
  const field = fieldName(first.problem.field);
  const message = field === "" ? `the policy ${first.problem.message}` : `${field} ${first.problem.message}`;
  return failure(message, file, text, placeOf(text, first.offset), { field });
}

function failure(message: string, file: string, text: string, place: Place, options: { field?: string; cause?: unknown } = {}): PolicyError {
  const { line, column } = place;
  return new PolicyError(`${quote(file)}:${line}:${column}: ${message}\n${excerpt(text, place)}`, { ...options, file, line, column });
}
