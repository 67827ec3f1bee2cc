import { afterEach, describe, expect, it, vi } from "vitest";
import { step, StepError } from "./step.mjs";

const node = (script) => [process.execPath, "-e", script];

describe("step", () => {
  const lines = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  afterEach(() => {
    lines.length = 0;
    written.mockClear();
  });

  it("prints one line and nothing else where the command succeeds", async () => {
    await step("quiet", node("console.log('noise')"));
    expect(lines).toEqual([expect.stringMatching(/^ok quiet \(\d+\.\d s\)$/)]);
    expect(written).not.toHaveBeenCalled();
  });

  it("prints all of its output where it fails", async () => {
    await expect(step("loud", node("console.log('out'); console.error('err'); process.exitCode = 7"))).rejects.toThrow(StepError);
    const output = written.mock.calls.map(([chunk]) => String(chunk)).join("");
    expect(output).toContain("out\n");
    expect(output).toContain("err\n");
    expect(lines).toEqual([expect.stringMatching(/^FAILED loud .* ended with 7$/)]);
  });

  it("fails for a signal, and for a program that is not there", async () => {
    await expect(step("killed", node("process.kill(process.pid, 'SIGTERM')"))).rejects.toThrow(StepError);
    await expect(step("missing", ["/nowhere/program"])).rejects.toThrow(StepError);
    expect(lines[0]).toMatch(/ended with SIGTERM$/);
    expect(lines[1]).toMatch(/ended with .*ENOENT/);
  });
});
