import { Credentials } from "./auth/credentials.ts";
import { type Gate, makeGate } from "./auth/gate.ts";
import { makeBootStreams } from "./boot-streams.ts";
import type { Config } from "./config/config.ts";
import { isLoopback } from "./config/parse-value.ts";
import { drainMsMax } from "./config/process-limits.ts";
import type { Engine } from "./engine/engine.ts";
import { type House, openHouse } from "./house.ts";
import { Limits } from "./limits/limits.ts";
import { limitsTableOf } from "./limits/limits-file.ts";
import { directoryKeysOf, type OpenedKeys, openKeys } from "./open-keys.ts";
import { kernels } from "./records/kernels.ts";
import { CertificateFiles } from "./server/certificate-files.ts";
import { Faults } from "./server/faults.ts";
import { adminDoor, frontDoor } from "./server/front-door.ts";
import { requestHandler } from "./server/handle-request.ts";
import { reportHealth } from "./server/health.ts";
import { type Listening, listen } from "./server/listen.ts";
import { Rehearsal, rehearseHealth } from "./server/warm-up.ts";
import { type Log, logChannels, makeLog } from "./telemetry/log.ts";
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

/** What the parts of a start hand to each other. */
interface Start {
  readonly config: Config;
  /** Of sockets, certificates, signatures and logs: the clocks of clients are nobody's to move. */
  readonly worldClock: Clock;
  /** Only with `--dev`: the clock of everything else, and the faults that were asked for. */
  readonly dev: { readonly clock: DevClock; readonly faults: Faults } | undefined;
  readonly keys: OpenedKeys;
  readonly log: Log;
  /** What is open so far, to be closed in reverse order: by a failing start as by a stop. */
  readonly closing: AsyncDisposableStack;
  readonly state: { isDraining: boolean };
}

/**
 * The composition root: engine, rooms, doors, in this order, and back again on close.
 *
 * Throws `StartError`, `DataDirectoryError` or `EngineError` with one sentence for the person at the terminal.
 */
export async function startServer(config: Config, worldClock: Clock = systemClock): Promise<RunningServer> {
  // While the heap is small: their memory is so large that V8 looks through all of the heap when it is made, and whoever
  // comes first with a request should not wait for that.
  kernels();
  const closing = new AsyncDisposableStack();
  const dev = config.dev ? { clock: new DevClock(worldClock), faults: new Faults(Math.random) } : undefined;
  const format = process.stderr.isTTY ? "text" : "json";
  const log = makeLog({ level: config.logLevel, format, write: toStderr, nowMs: worldClock.nowMs });
  const keys = await openKeys(config.keys, worldClock.nowMs);
  closing.defer(() => keys.close());
  const start: Start = { config, worldClock, dev, keys, log, closing, state: { isDraining: false } };
  try {
    closing.defer(logChannels(log, config.logLevel));
    const engine = await makeEngine(config, dev?.clock ?? worldClock, keys);
    await engine.open();
    closing.defer(() => engine.close());
    const { endpoint, port } = await openDoors(start, engine, await openRooms(start, engine));
    log.info("ready", { endpoint, engine: engine.name });
    const stack = closing.move();
    let closed: Promise<void> | undefined;
    return {
      endpoint,
      port,
      close() {
        start.state.isDraining = true;
        closed ??= stack.disposeAsync().then(() => log.info("stopped"));
        return closed;
      },
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** Everything between the engine and the doors, with the streams of `--stream` made. */
async function openRooms({ config, worldClock, dev, keys, closing }: Start, engine: Engine): Promise<House> {
  const clock = dev?.clock ?? worldClock;
  const table = limitsTableOf(config.limits);
  const limits = table === undefined ? undefined : new Limits(table, clock);
  const { transitionDelayMs } = config;
  const compresses = config.compression === "zstd";
  const house = await openHouse({ engine, clock, transitionDelayMs, keyProvider: keys.provider, compresses, limits });
  closing.defer(() => house.close());
  // A file opens keys in no time, so that health tells from the start if it is the wrong one.
  if (config.keys.provider === "local") await house.rooms.shards.keys.tryAll();
  const { account, region } = config;
  const connection = { signal: new AbortController().signal };
  await makeBootStreams(config.streams, { ...house.rooms, caller: { account, region }, connection });
  return house;
}

/** Who verifies signatures and policies, where there are credentials. */
function openGate({ config, worldClock, closing }: Start, { directory, tokens }: House["rooms"]): Gate | undefined {
  if (config.credentials === undefined) return undefined;
  const credentials = new Credentials(config.credentials, worldClock);
  closing.defer(() => credentials.close());
  return makeGate((id) => credentials.find(id), { directory, tokens, nowMs: () => worldClock.nowMs() });
}

/** The sockets, and what they lead to. */
async function openDoors(
  start: Start,
  engine: Engine,
  house: House,
): Promise<{ readonly endpoint: string; readonly port: number }> {
  const { config, worldClock, dev, keys, closing, state } = start;
  const gate = openGate(start, house.rooms);
  const rehearsal = new Rehearsal(
    house.rooms,
    requestHandler({
      house: house.rooms,
      authentication: config,
      ...(gate === undefined ? {} : { gate }),
      ...(dev === undefined ? {} : { faults: dev.faults }),
    }),
  );
  const listening: Listening[] = [];
  const { directory, shards } = house.rooms;
  const rooms = {
    health: () => {
      const keyringFault = keys.fault();
      const keyFaults = [...(keyringFault === undefined ? [] : [keyringFault]), ...shards.keys.faults()];
      const clockMovedByMs = dev?.clock.movedByMs ?? 0;
      return reportHealth(engine, { ...state, clockMovedByMs, keyFaults, fault: directory.fault });
    },
    metrics: async () => {
      await rehearsal.over;
      const { figures } = await engine.health();
      const server = listening[0]?.figures() ?? {};
      return metrics.render({ engine: figures, server }, shards.traffic.families(directory.all()));
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
      pipeline: rehearsal.handler,
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
  await rehearseHealth(main);
  await rehearsal.readAt(main);
  // From here on requests are counted.
  const metrics = new Metrics();
  closing.defer(() => metrics.close());
  rehearsal.end();
  return { endpoint: `http://${hostInUrl(main.hosts[0] ?? "127.0.0.1")}:${main.port}`, port: main.port };
}

/** Loads only the engine that is asked for: the other's code would cost every start its milliseconds. */
async function makeEngine(config: Config, clock: Clock, { provider }: OpenedKeys): Promise<Engine> {
  switch (config.engine) {
    case "memory": {
      const { MemoryEngine } = await import("./engine/memory/memory-engine.ts");
      return new MemoryEngine({ clock, memoryBudgetBytes: config.memoryBudgetBytes });
    }
    case "embedded": {
      const { EmbeddedEngine } = await import("./engine/embedded/embedded-engine.ts");
      const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
      const { WorkerJobs } = await import("./engine/embedded/worker-jobs.ts");
      const { encryptAtRest } = config;
      return new EmbeddedEngine({
        directory: config.dataDirectory,
        disk: nodeDisk,
        clock,
        diskBudgetBytes: config.diskBudgetBytes,
        devClock: config.dev,
        keys: encryptAtRest === undefined ? undefined : directoryKeysOf(provider, encryptAtRest.keyId, config),
        jobs: new WorkerJobs(clock),
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
