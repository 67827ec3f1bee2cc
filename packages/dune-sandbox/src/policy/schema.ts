/**
 * The policy's shape, once: it checks what people write and is published as JSON Schema
 * (`schema/policy.json`), whose descriptions editors show.
 */

import * as v from "valibot";
import { ENDPOINT_PATTERN, readEndpoint, readPort } from "./endpoint.js";
import type { PolicyInput } from "./input.js";
import { DURATION_PATTERN, readCount, readDuration, readSize, SIZE_PATTERN } from "./units.js";
import type { Reading } from "./units.js";

/** Built-in profiles; each is a file in `profiles/`. */
export const PROFILES = ["node", "python", "build", "git", "java"] as const;

/** A check that JSON Schema cannot express, with the nearest thing that it can. */
export interface Check {
  readonly jsonSchema: Readonly<Record<string, string | number>>;
}

/** A rule costs the jail a mount, a destination a relay; it has room for twice as many of each (plan.h). */
const MAX_RULES = 256;
const MAX_RELAYS = 32;

const NO_NUL = "^[^\\u0000]*$";

const path = v.pipe(
  v.string("must be a path in quotes"),
  checked(pathProblem, { minLength: 1, pattern: "^[^\\u0000*?]+$" }),
  v.examples(["~/data", "./input", "/srv/models"]),
);

const paths = (description: string) => described(atMost(MAX_RULES, v.array(path, "must be a list of paths")), description);

const variable = v.pipe(
  v.string("must be a variable's name in quotes"),
  checked(variableProblem, { pattern: "^[^=*\\u0000]+$" }),
);

const value = v.pipe(
  v.string("must be text in quotes"),
  checked((text: string) => (text.includes("\0") ? "must not contain a NUL character" : undefined), { pattern: NO_NUL }),
);

const size = v.union([
  v.pipe(v.string(), read<string>(readSize, { pattern: SIZE_PATTERN })),
  v.pipe(v.number(), read<number>(readSize, { minimum: 1 })),
], `must be a size such as "512MiB", "2GB" or "unlimited"`);

const durationText = v.pipe(v.string(`must be a time with its unit in quotes, such as "500ms", "5s" or "2m", or "unlimited"`), read<string>(readDuration, { pattern: DURATION_PATTERN }));
const durationNumber = v.pipe(v.number(), read<number>(readDuration, { minimum: 1 }));
const duration = v.union([durationText, durationNumber], `must be a time such as "500ms", "5s", milliseconds as a number, or "unlimited"`);

/** Below this no program starts, and `512` was meant to be `"512MiB"`. */
const MEMORY_MIN = 1 << 20;

const memory = v.union([
  v.pipe(v.string(), read<string>(readMemory, { pattern: SIZE_PATTERN })),
  v.pipe(v.number(), read<number>(readMemory, { minimum: MEMORY_MIN })),
], `must be a size such as "512MiB", "2GB" or "unlimited"`);

const count = v.union([
  v.literal("unlimited"),
  v.pipe(v.number(), read<number>(readCount, { minimum: 1, multipleOf: 1 })),
], `must be a whole number, at least 1, or "unlimited"`);

const profileName = v.picklist(PROFILES, `must be one of ${PROFILES.join(", ")}`);

/** `time` is what a duration may be: a bare number of milliseconds would surprise in a file, and is usual in code. */
function policyOf<Time extends typeof durationText | typeof duration>(time: Time) {
  return described(v.strictObject({
    $schema: v.optional(described(v.string("must be a link in quotes"), "This schema, for editors of JSON.")),
    profile: v.optional(described(
      v.union([profileName, v.array(profileName)], `must be one of, or a list of, ${PROFILES.join(", ")}`),
      "Built-in profiles to start from.",
    )),
    filesystem: v.optional(section({
      read: v.optional(paths("May be read and listed, not executed. Absolute, ~/…, or relative to this file; no wildcards.")),
      write: v.optional(paths("May be read and changed: written, created, renamed, deleted.")),
      exec: v.optional(paths("May be read and executed.")),
    }, "What the program sees of the host's files, beside the system's directories and the working directory.")),
    environment: v.optional(section({
      pass: v.optional(described(atMost(MAX_RULES, v.array(variable, "must be a list of variables' names")), "Variables taken over from the caller's environment.")),
      set: v.optional(described(v.record(variable, value, "must be a table of names and texts"), "Variables with the value they get.")),
    }, "Environment variables, beside the short default list.")),
    network: v.optional(section({
      mode: v.optional(described(v.picklist(["none", "host"], `must be "none" or "host"`), "none (default): only `allow` can be reached. host: the host's network, unfiltered.")),
      allow: v.optional(described(atMost(MAX_RELAYS, v.array(v.pipe(
        v.string("must be a destination in quotes, such as \"example.org:443\""),
        read(readEndpoint, { pattern: ENDPOINT_PATTERN }),
        v.examples(["example.org:443", "localhost:5432"]),
      ), "must be a list of destinations")), "Destinations host:port that may be reached: names, IPv4 addresses, or localhost for the host's own loopback.")),
      listen: v.optional(described(atMost(MAX_RELAYS, v.array(v.pipe(
        v.number("must be a port number"),
        read<number>(readPort, { minimum: 1, maximum: 65_535, multipleOf: 1 }),
      ), "must be a list of port numbers")), "TCP ports that the program may serve on the host's 127.0.0.1.")),
    }, "What the program may reach. Nothing by default.")),
    limits: v.optional(section({
      wall: v.optional(described(time, "Elapsed time, such as 5s.")),
      cpu: v.optional(described(time, "CPU time summed over all processes, such as 10s.")),
      memory: v.optional(described(memory, "Memory summed over all processes, such as 512MiB. Default: half of the machine's.")),
      processes: v.optional(described(count, "Processes and threads at one time. Default: 512.")),
      files: v.optional(described(count, "Open descriptors of one process. Default: 4096.")),
      disk: v.optional(described(size, "Bytes written to storage; also the largest size of one file. Default: 10GiB.")),
      output: v.optional(described(size, "Bytes on stdout and stderr together.")),
      tmp: v.optional(described(size, "Size of each private tmpfs: /tmp, HOME, /dev/shm. Default: 1GiB.")),
    }, "Upper bounds of one run; \"unlimited\" lifts a default.")),
    syscalls: v.optional(section({
      allow: v.optional(described(atMost(MAX_RULES, v.array(v.pipe(
        v.string("must be a system call's name in quotes"),
        checked((name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? undefined : "must be a system call's name, such as \"perf_event_open\""), { pattern: "^[a-z_][a-z0-9_]*$" }),
      ), "must be a list of system calls' names")), "System calls allowed beyond the default profile, by name.")),
    }, "System calls.")),
  }, "must be a table"), "What an untrusted program may do under @dune/sandbox. Everything is optional; what is not granted is refused.");
}

/** A policy in a file: times are text with a unit. */
export const policyFileSchema = policyOf(durationText);

/** A policy in TypeScript: times may also be milliseconds. */
export const policyInputSchema = policyOf(duration);

/** Both schemas check what `PolicyInput` promises; this line does not compile otherwise. */
export const schemaMatchesType: (output: v.InferOutput<typeof policyInputSchema> | v.InferOutput<typeof policyFileSchema>) => PolicyInput = (output) => output;

function described<Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.pipe(schema, v.description(description));
}

function atMost<Items extends unknown[]>(most: number, list: v.GenericSchema<Items>) {
  return v.pipe(list, v.maxLength(most, `has more than ${most} entries`));
}

function section<Entries extends v.ObjectEntries>(entries: Entries, description: string) {
  return described(v.strictObject(entries, "must be a table"), description);
}

function read<Input>(reader: (input: Input) => Reading<unknown>, jsonSchema: Check["jsonSchema"]) {
  return checked((input: Input) => {
    const reading = reader(input);
    return "problem" in reading ? reading.problem : undefined;
  }, jsonSchema);
}

function checked<Input>(problem: (input: Input) => string | undefined, jsonSchema: Check["jsonSchema"]) {
  const action = v.rawCheck<Input>(({ dataset, addIssue }) => {
    const message = dataset.typed ? problem(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  });
  return Object.assign(action, { jsonSchema } satisfies Check);
}

function readMemory(input: string | number): Reading<number | undefined> {
  const reading = readSize(input);
  const tooLittle = "value" in reading && reading.value !== undefined && reading.value < MEMORY_MIN;
  return tooLittle ? { problem: `is less than any program needs; write its unit, as in "512MiB"` } : reading;
}

function variableProblem(name: string): string | undefined {
  if (name.includes("*")) return "has a wildcard; every name must be spelled out";
  return /^[^=\0]+$/.test(name) ? undefined : "must be a variable's name: not empty, without = and NUL";
}

function pathProblem(text: string): string | undefined {
  if (text === "") return "must not be an empty path; write \".\" for this directory";
  if (text.includes("\0")) return "must not contain a NUL character";
  if (/[*?]/.test(text)) return "has a wildcard; a rule covers everything below its path, so name the directory";
  if (/^~[^/]/.test(text)) return "names another user's home; write it out, as in \"/home/name/data\"";
  return undefined;
}
