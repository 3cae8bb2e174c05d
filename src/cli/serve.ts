import { readFileSync } from "node:fs";
import { namedFileChecks } from "../app/named-file-checks.ts";
import { startServer } from "../app/start-server.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/config-sources.ts";
import { loadConfig } from "../config/load-config.ts";
import { walStopped } from "../telemetry/diagnostic-events.ts";
import { untilRead } from "../telemetry/line-writer.ts";
import { describeStartFailure } from "./start-failure.ts";
import type { StopSignals } from "./stop-signals.ts";

/** The exit code of a server that stopped because its log cannot be written any more, with `--on-fault exit`. */
const faultExitCode = 3;
/** A reader of standard error that stalls holds up the end of the process for so long. */
const lastLinesMsMax = 1_000;

/**
 * Serves until a signal. Resolves with the exit code: 0 drained, 1 internal error, 2 a reason that the operator can change,
 * 3 the write-ahead log has stopped.
 */
export async function serve(argv: readonly string[], environment: Environment, signals: StopSignals): Promise<number> {
  const { config, notices, problems } = loadConfig(argv, environment, readText, namedFileChecks);
  if (problems !== undefined) {
    for (const problem of problems) process.stderr.write(`millrace: ${problem}\n`);
    return 2;
  }
  const fault = faultOf(config);
  // The reader of the one line may have closed its end (`npm start | head -1`); the server goes on.
  process.stdout.on("error", () => undefined);
  try {
    const server = await Promise.race([startServer(config, { notices }), signals.stopped]);
    if (server === undefined) {
      // No client has been served yet, and a directory that is left in the middle of a start opens as after a crash.
      process.stderr.write("millrace: stopped by a signal before the server was ready; no data was lost\n");
      return 0;
    }
    process.stdout.write(`millrace ready on ${server.endpoint} (${describe(config)})\n`);
    const exitCode = await Promise.race([signals.stopped.then(() => 0), fault]);
    await server.close();
    return exitCode;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode;
  } finally {
    await untilRead(process.stderr, lastLinesMsMax);
  }
}

/** Resolves with the exit code when the write-ahead log stops; never, if the server is to go on then. */
function faultOf({ onFault }: Config): Promise<number> {
  return new Promise((resolve) => {
    if (onFault === "exit") walStopped.subscribe(() => resolve(faultExitCode));
  });
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function describe(config: Config): string {
  const { engine, dataDirectory, nats } = config;
  const onServers = `a preview, data on ${nats?.urls.length ?? 0} NATS addresses`;
  const storage = { embedded: `data in ${dataDirectory}`, memory: "nothing is kept", jetstream: onServers }[engine];
  return `engine ${config.engine}, ${storage}`;
}
