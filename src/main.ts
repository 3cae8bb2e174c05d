import { Credentials } from "./auth/credentials.ts";
import { makeGate } from "./auth/gate.ts";
import { makeBootStreams } from "./boot-streams.ts";
import type { Config } from "./config/config.ts";
import { isLoopback } from "./config/parse-value.ts";
import { drainMsMax } from "./config/process-limits.ts";
import type { Engine } from "./engine/engine.ts";
import { openHouse } from "./house.ts";
import { Limits } from "./limits/limits.ts";
import { limitsTableOf } from "./limits/limits-file.ts";
import { CertificateFiles } from "./server/certificate-files.ts";
import { Faults } from "./server/faults.ts";
import { adminDoor, frontDoor } from "./server/front-door.ts";
import { requestHandler } from "./server/handle-request.ts";
import { reportHealth } from "./server/health.ts";
import { type Listening, listen } from "./server/listen.ts";
import { logChannels, makeLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import type { Clock } from "./time/clock.ts";
import { DevClock } from "./time/dev-clock.ts";
import { systemClock } from "./time/system-clock.ts";

export interface RunningServer {
  /** `http://127.0.0.1:4567` */
  readonly endpoint: string;
  readonly port: number;
  /** Drains: finishes what is in flight, then closes the engine. Calling it again joins the first call. */
  close(): Promise<void>;
}

/**
 * The composition root: engine, directory, upkeep, pipeline, sockets, in this order, and back again on close.
 *
 * Throws `StartError`, `DataDirectoryError` or `EngineError` with one sentence for the person at the terminal.
 */
export async function startServer(config: Config, worldClock: Clock = systemClock): Promise<RunningServer> {
  // The clocks of clients and logs are nobody's to move: sockets, certificates and signatures stay with the world's.
  const dev = config.dev ? { clock: new DevClock(worldClock), faults: new Faults(Math.random) } : undefined;
  const clock = dev?.clock ?? worldClock;
  // What is open so far, to be closed in reverse order: by a failing start as by a stop.
  const closing = new AsyncDisposableStack();
  try {
    const log = makeLog({
      level: config.logLevel,
      format: process.stderr.isTTY ? "text" : "json",
      write: toStderr,
      nowMs: worldClock.nowMs,
    });
    closing.defer(logChannels(log, config.logLevel));
    const metrics = new Metrics();
    closing.defer(() => metrics.close());

    const engine = await makeEngine(config, clock);
    await engine.open();
    closing.defer(() => engine.close());
    const table = limitsTableOf(config.limits);
    const limits = table === undefined ? undefined : new Limits(table, clock);
    const house = await openHouse({ engine, clock, transitionDelayMs: config.transitionDelayMs, limits });
    closing.defer(() => house.close());
    const credentials = config.credentials === undefined ? undefined : new Credentials(config.credentials, worldClock);
    closing.defer(() => credentials?.close());
    const { directory, tokens } = house.rooms;
    const gate =
      credentials === undefined
        ? undefined
        : makeGate((id) => credentials.find(id), { directory, tokens, nowMs: () => worldClock.nowMs() });
    const { account, region } = config;
    const connection = { signal: new AbortController().signal };
    await makeBootStreams(config.streams, { ...house.rooms, caller: { account, region }, connection });

    const state = { isDraining: false };
    const listening: Listening[] = [];
    const rooms = {
      health: () => reportHealth(engine, { ...state, clockMovedByMs: dev?.clock.movedByMs ?? 0 }),
      metrics: async () => {
        const { figures } = await engine.health();
        return metrics.render(
          { engine: figures, server: listening[0]?.figures() ?? {} },
          house.rooms.shards.traffic.families(house.rooms.directory.all()),
        );
      },
      adminHosts: config.admin?.hosts ?? [],
      dev,
    };
    const main = await listen({
      hosts: config.hosts,
      port: config.port,
      clock: worldClock,
      handler: frontDoor({
        ...rooms,
        pipeline: requestHandler({
          house: house.rooms,
          authentication: config,
          ...(gate === undefined ? {} : { gate }),
          ...(dev === undefined ? {} : { faults: dev.faults }),
        }),
        origins: { verifiesSignatures: gate !== undefined, corsOrigins: config.corsOrigins },
        // Metrics and console ask for no signature: whoever verifies them elsewhere does not want these in the open.
        isAdminElsewhere: config.admin !== undefined || (gate !== undefined && !config.hosts.every(isLoopback)),
      }),
      tls: config.tls === undefined ? undefined : { cert: config.tls.certificatePem, key: config.tls.keyPem },
      dataDir: config.engine === "memory" ? undefined : config.dataDirectory,
    });
    listening.push(main);
    closing.defer(() => main.close({ graceMs: drainMsMax }));
    if (config.tls !== undefined) {
      const files = new CertificateFiles(config.tls, worldClock, (certificate) => main.useCertificate(certificate));
      closing.defer(() => files.close());
    }
    if (config.admin !== undefined) {
      const { port, hosts } = config.admin;
      const admin = await listen({ hosts, port, clock: worldClock, handler: adminDoor(rooms) });
      closing.defer(() => admin.close({ graceMs: drainMsMax }));
    }

    const endpoint = `http://${hostInUrl(main.hosts[0] ?? "127.0.0.1")}:${main.port}`;
    log.info("ready", { endpoint, engine: engine.name });
    const stack = closing.move();
    let closed: Promise<void> | undefined;
    return {
      endpoint,
      port: main.port,
      close() {
        state.isDraining = true;
        closed ??= stack.disposeAsync().then(() => log.info("stopped"));
        return closed;
      },
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** Loads only the engine that is asked for: the other's code would cost every start its milliseconds. */
async function makeEngine(config: Config, clock: Clock): Promise<Engine> {
  switch (config.engine) {
    case "memory": {
      const { MemoryEngine } = await import("./engine/memory/memory-engine.ts");
      return new MemoryEngine({ clock, memoryBudgetBytes: config.memoryBudgetBytes });
    }
    case "embedded": {
      const { EmbeddedEngine } = await import("./engine/embedded/embedded-engine.ts");
      const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
      return new EmbeddedEngine({
        directory: config.dataDirectory,
        disk: nodeDisk,
        clock,
        diskBudgetBytes: config.diskBudgetBytes,
        devClock: config.dev,
      });
    }
  }
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
