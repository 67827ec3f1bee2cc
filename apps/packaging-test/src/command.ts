import { spawn } from "node:child_process";

/** How a command ended and what it printed. */
export interface Finished {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings for reaching the registry, which a test must not lose. */
const KEPT = /^npm_config_(registry|cafile|cache|proxy|https_proxy|noproxy|strict_ssl|userconfig)$/i;

/**
 * The environment a user's shell would have: without what npm, pnpm and vitest have put
 * into ours, which would otherwise configure the package managers under test.
 */
function userEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string) => /^(npm_|pnpm_|vitest|node_env$|node_path$|init_cwd$|ci$)/i.test(name) && !KEPT.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name)));
}

/** Runs a command to its end; throws only if it cannot be started. */
export function run(cwd: string, [file, ...args]: readonly [string, ...string[]]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: userEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => { stdout += chunk; });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => { stderr += chunk; });
    child.on("error", reject);
    child.on("close", (status, signal) => { resolve({ status: status ?? signal ?? "no status", stdout, stderr }); });
  });
}
