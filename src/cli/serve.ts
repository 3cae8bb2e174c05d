import { readFileSync } from "node:fs";
import { configFileChecks } from "../app/config-file-checks.ts";
import { startServer } from "../app/start-server.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { describeStartFailure } from "./start-failure.ts";
import { StopSignals } from "./stop-signals.ts";

/** Serves until a signal says stop. Resolves with the exit code: 0 drained, 1 our fault, 2 the caller can mend it. */
export async function serve(argv: readonly string[]): Promise<number> {
  const { config, problems } = loadConfig(argv, process.env, readText, configFileChecks);
  if (problems !== undefined) {
    for (const problem of problems) process.stderr.write(`millrace: ${problem}\n`);
    return 2;
  }
  // From here on, also while a long recovery runs: a signal means "stop properly".
  const signals = new StopSignals(process, () => process.exit(1));
  // Whoever reads our one line may be gone (`npm start | head -1`); that is no reason to stop serving.
  process.stdout.on("error", () => undefined);
  try {
    const server = await startServer(config);
    process.stdout.write(`millrace ready on ${server.endpoint} (${describe(config)})\n`);
    await signals.stopped;
    await server.close();
    return 0;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode;
  }
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function describe(config: Config): string {
  const keeping = config.engine === "embedded" ? `data in ${config.dataDirectory}` : "nothing is kept";
  return `engine ${config.engine}, ${keeping}`;
}
