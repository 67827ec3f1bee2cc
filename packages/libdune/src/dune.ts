import { checkHost } from "@dune/req";
import type { Engine } from "@dune/req";
import { DuneUnsupportedError } from "./unsupported.js";

/** How a Dune is to be opened. */
export interface DuneOptions {
  /** The engine to use; `auto`, the default, takes the first that works on this host. */
  readonly engine?: "auto" | Extract<Engine, "dune" | "kvm">;
}

/** Entry to ring 0. This version of the package has no engine: see {@link Dune.open}. */
export const Dune = {
  /**
   * Opens a Dune on this process. The engines come with a later version: in this one
   * it always rejects, after it has looked at the host, so that a caller's way of coping
   * with a host that cannot do it is the one it will need later.
   *
   * @throws {DuneUnsupportedError} always; `report` says what this host offers
   */
  async open(options: DuneOptions = {}): Promise<never> {
    const { engine = "auto" } = options;
    const report = await checkHost(engine === "auto" ? {} : { engine });
    const why = `this version of @dune/libdune has no engine yet, neither dune nor kvm; about the host: ${report.summary}`;
    throw new DuneUnsupportedError({ what: "cannot open a Dune", why }, report);
  },
};
