/** What the nosy program finds: a home with a secret in it, and beside it the project it is run in. */

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measurementsCsv } from "./measurements.js";

const STARTUP = "# run by every new shell\n";

/**
 *      <temporary directory>/
 *        home/.ssh/id_demo           the secret
 *        home/.bashrc                run by every shell, if this were a real home
 *        project/measurements.csv    the input
 *        project/summary.csv         the output
 */
export class Scene implements Disposable {
  readonly secret = `secret-${randomBytes(8).toString("hex")}`;
  readonly token = `token-${randomBytes(8).toString("hex")}`;
  readonly #directory: string;

  constructor() {
    this.#directory = realpathSync(mkdtempSync(join(tmpdir(), "dune-demo-")));
    mkdirSync(join(this.#directory, "home/.ssh"), { recursive: true });
    mkdirSync(this.project);
    writeFileSync(this.secretFile, `${this.secret}\n`, { mode: 0o600 });
    writeFileSync(join(this.project, "measurements.csv"), this.input);
    this.reset();
  }

  get project(): string {
    return join(this.#directory, "project");
  }

  get secretFile(): string {
    return join(this.#directory, "home/.ssh/id_demo");
  }

  get startupFile(): string {
    return join(this.#directory, "home/.bashrc");
  }

  /** The text of measurements.csv. */
  get input(): string {
    return measurementsCsv();
  }

  /** The text of summary.csv; empty as long as there is none. */
  get summary(): string {
    return existsSync(this.#summaryFile) ? readFileSync(this.#summaryFile, "utf8") : "";
  }

  get startupFileChanged(): boolean {
    return readFileSync(this.startupFile, "utf8") !== STARTUP;
  }

  /** The environment of somebody who keeps a token in a variable. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, DEMO_API_TOKEN: this.token };
  }

  /** As before the first run. */
  reset(): void {
    writeFileSync(this.startupFile, STARTUP);
    rmSync(this.#summaryFile, { force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #summaryFile(): string {
    return join(this.project, "summary.csv");
  }
}
