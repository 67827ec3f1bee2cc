/** Every flag of the command line, once: the parser, the help and the suggestions read this table. */

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in the help; a flag without one is a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeat?: boolean;
  /** The policy's field with the same meaning. */
  readonly field?: readonly [section: string, name: string] | readonly ["profile"];
  readonly help: string;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

export const FLAG_GROUPS: readonly FlagGroup[] = [
  {
    title: "Policy",
    flags: [
      { name: "policy", short: "p", value: "FILE", help: "read the policy from a TOML or JSON file" },
      { name: "profile", value: "NAME", repeat: true, field: ["profile"], help: "start from a built-in profile: node, python, build, git, java" },
      { name: "show-policy", help: "print the policy that results, as TOML, and exit" },
      { name: "learn", value: "FILE", help: "write a policy to FILE with which a rerun is refused nothing" },
    ],
  },
  {
    title: "Files (repeatable; a rule covers everything below PATH)",
    flags: [
      { name: "read", value: "PATH", repeat: true, field: ["filesystem", "read"], help: "may be read" },
      { name: "write", value: "PATH", repeat: true, field: ["filesystem", "write"], help: "may be read, written, created, deleted" },
      { name: "exec", value: "PATH", repeat: true, field: ["filesystem", "exec"], help: "may be read and executed" },
      { name: "dry-run", help: "list changes and throw them away; granted single files are read-only" },
    ],
  },
  {
    title: "Environment and network (repeatable)",
    flags: [
      { name: "env", value: "NAME[=VALUE]", repeat: true, field: ["environment", "pass"], help: "pass a variable on, or set it" },
      { name: "allow-net", value: "HOST:PORT", repeat: true, field: ["network", "allow"], help: "may connect there; localhost is the host's own" },
      { name: "listen", value: "PORT", repeat: true, field: ["network", "listen"], help: "may serve this TCP port on the host's 127.0.0.1" },
      { name: "net", value: "none|host", field: ["network", "mode"], help: "host: use the host's network, unfiltered" },
    ],
  },
  {
    title: "Limits (\"unlimited\" lifts a default)",
    flags: [
      { name: "time", value: "TIME", field: ["limits", "wall"], help: "elapsed time, such as 5s or 2m" },
      { name: "cpu", value: "TIME", field: ["limits", "cpu"], help: "CPU time of all processes together" },
      { name: "memory", value: "SIZE", field: ["limits", "memory"], help: "memory of all processes together, such as 512MiB" },
      { name: "processes", value: "N", field: ["limits", "processes"], help: "processes and threads at one time" },
      { name: "files", value: "N", field: ["limits", "files"], help: "open files of one process" },
      { name: "disk", value: "SIZE", field: ["limits", "disk"], help: "bytes written to storage" },
      { name: "output", value: "SIZE", field: ["limits", "output"], help: "bytes on stdout and stderr together" },
      { name: "tmp", value: "SIZE", field: ["limits", "tmp"], help: "size of the private /tmp, HOME and /dev/shm" },
    ],
  },
  {
    title: "Isolation",
    flags: [
      { name: "engine", value: "auto|process", help: "what isolates the program" },
      { name: "best-effort", help: "run even where a layer of protection cannot be had, and say which" },
      { name: "allow-syscall", value: "NAME", repeat: true, field: ["syscalls", "allow"], help: "allow a system call beyond the default profile (repeatable)" },
    ],
  },
  {
    title: "Output",
    flags: [
      { name: "explain", value: "default|all|none", help: "how many kinds of refusal are explained" },
      { name: "json", help: "write events as JSON lines to stderr" },
      { name: "quiet", short: "q", help: "say nothing about refusals" },
      { name: "tty", help: "give the program a private terminal (default: if this is one)" },
      { name: "no-tty", help: "give it the standard streams as they are" },
      { name: "help", short: "h", help: "show this" },
      { name: "version", short: "V", help: "show the version" },
    ],
  },
];

export const FLAGS: ReadonlyMap<string, Flag> = new Map(FLAG_GROUPS.flatMap(({ flags }) => flags.map((flag) => [flag.name, flag])));
