import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namedFileChecks } from "../../src/app/named-file-checks.ts";
import { type RunningServer, startServer } from "../../src/app/start-server.ts";
import { loadConfigFromObject } from "../../src/config/load-config.ts";
import type { Clock } from "../../src/time/clock.ts";
import { systemClock } from "../../src/time/system-clock.ts";
import { signedMs } from "./signed-request.ts";

/** Always the moment at which the tests sign; what waits, waits in real time. */
const standingClock: Clock = { ...systemClock, nowMs: () => signedMs };

export interface VerifiedServer extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  readonly credentialsPath: string;
}

/** A server of this process, in memory, with a credentials file of its own. */
export async function startVerified(
  entries: readonly object[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<VerifiedServer> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-auth-"));
  const credentialsPath = join(directory, "keys.json");
  writeFileSync(credentialsPath, JSON.stringify({ credentials: entries }));
  const settings = {
    ...{ port: 0, engine: "memory", host: "127.0.0.1", "log-level": "silent", credentials: credentialsPath },
    ...options,
  };
  const readFile = (path: string): string => readFileSync(path, "utf8");
  const { config, problems } = loadConfigFromObject(settings, (flag) => flag, readFile, namedFileChecks);
  assert.equal(problems, undefined);
  assert(config !== undefined);
  const server: RunningServer = await startServer(config, { clock: standingClock });
  return {
    port: server.port,
    endpoint: server.endpoint,
    credentialsPath,
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
