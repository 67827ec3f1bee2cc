/** In a terminal, a sandboxed program behaves as the program itself. */

import { afterEach, expect, test } from "vitest";
import { asEveryone } from "./harness.js";
import type { Identity } from "./harness.js";
import { inScene } from "./scene.js";
import { sandboxCommand, Terminal } from "./terminal.js";

const open: Terminal[] = [];

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close();
});

/** Runs `use` with a terminal in which the command runs, and checks that nothing stays. */
async function inTerminal(identity: Identity, command: readonly string[], use: (terminal: Terminal) => Promise<void>): Promise<void> {
  await inScene(identity, async (scene) => {
    const terminal = new Terminal(command, { as: identity, cwd: scene.project, env: scene.environment });
    open.push(terminal);
    await use(terminal);
    expect(await scene.leftovers()).toEqual([]);
  });
}

asEveryone("in a terminal", (identity) => {
  test("all three streams are terminals, and TERM is passed on", async () => {
    const program = ["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo $TERM && tty"];
    await inTerminal(identity, sandboxCommand(program), async (terminal) => {
      expect(await terminal.exit).toBe(0);
      expect(terminal.output).toContain("xterm-256color");
      expect(terminal.output).toMatch(/\/dev\/(pts\/\d+|console|tty)/);
    });
  });

  test("a program colours its output", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "touch file; mkdir directory; ls --color=auto"]), async (terminal) => {
      await terminal.expect(/\x1b\[01;34mdirectory/); // eslint-disable-line no-control-regex -- the colour is the point
      expect(await terminal.exit).toBe(0);
    });
  });

  test("what is typed reaches the program, line by line, with echo", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "read name; echo hello $name"]), async (terminal) => {
      terminal.type("world\n");
      await terminal.expect(/hello world/);
      expect(await terminal.exit).toBe(0);
      expect(terminal.output.startsWith("world\n")).toBe(true);
    });
  });

  test("Ctrl-D ends the input", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "echo ready; cat; echo ended"]), async (terminal) => {
      await terminal.expect(/ready/);
      terminal.type("line\n");
      await terminal.expect(/line[^]*line/);
      terminal.type("\x04");
      await terminal.expect(/ended/);
      expect(await terminal.exit).toBe(0);
    });
  });

  test("Ctrl-C interrupts the program: 130", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "echo ready; exec sleep 30"]), async (terminal) => {
      await terminal.expect(/ready/);
      terminal.type("\x03");
      expect(await terminal.exit).toBe(130);
    });
  });

  test("a program that catches Ctrl-C keeps running", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done"]), async (terminal) => {
      await terminal.expect(/ready/);
      terminal.type("\x03");
      await terminal.expect(/caught/);
      expect(await terminal.exit).toBe(5);
    });
  });

  test("Ctrl-Z stops it, fg goes on", async () => {
    await inTerminal(identity, ["bash", "--norc", "--noprofile", "-i"], async (terminal) => {
      await terminal.expect(/\$ /);
      terminal.type(`${sandboxCommand(["sh", "-c", "echo re''ady; read x; echo got $x"]).map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}\n`);
      await terminal.expect(/ready\r?\n/);
      terminal.type("\x1a");
      await terminal.expect(/Stopped[^]*\$ /);
      terminal.type("fg\n");
      await terminal.expect(/fg\r?\n/);
      terminal.type("after\n");
      await terminal.expect(/got after/);
      await terminal.expect(/\$ /);
      terminal.type("stty -a | head -3; exit\n");
      // The terminal is as it was: canonical, with echo.
      await terminal.expect(/speed/);
      expect(await terminal.exit).toBe(0);
    });
  });

  test("a new window size reaches the program", async () => {
    const program = ["bash", "-c", "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done"];
    await inTerminal(identity, sandboxCommand(program), async (terminal) => {
      await terminal.expect(/24 80[^]*ready/);
      terminal.resize(40, 132);
      await terminal.expect(/40 132/);
      expect(await terminal.exit).toBe(0);
    });
  });

  test("raw mode ends with the program: the caller's terminal echoes again", async () => {
    await inTerminal(identity, ["sh", "-c", `"$@"; stty -a | tr ' ' '\\n' | grep -x -e '-*echo' -e '-*icanon'`, "sh", ...sandboxCommand(["sh", "-c", "stty raw -echo; exit 0"])], async (terminal) => {
      expect(await terminal.exit).toBe(0);
      expect(terminal.output).toMatch(/^icanon$/m);
      expect(terminal.output).toMatch(/^echo$/m);
    });
  });

  test("job control works inside", async () => {
    await inTerminal(identity, sandboxCommand(["bash", "--norc", "--noprofile", "-i"]), async (terminal) => {
      await terminal.expect(/[$#] /);
      expect(terminal.output).not.toMatch(/no job control|cannot set terminal process group/);
      terminal.type("sh -c 'echo be\"\"gin; exec sleep 30'\n");
      await terminal.expect(/begin/);
      terminal.type("\x1a");
      await terminal.expect(/Stopped/);
      terminal.type("kill -KILL %1; sleep 0.2; jobs; echo over\n");
      await terminal.expect(/Killed/);
      terminal.type("exit\n");
      expect(await terminal.exit).toBe(0);
    });
  });

  test("closing the window ends everything", async () => {
    await inTerminal(identity, sandboxCommand(["sh", "-c", "echo ready; sleep 30"]), async (terminal) => {
      await terminal.expect(/ready/);
      terminal.close();
      await terminal.exit.catch(() => undefined);
    });
  });
});
