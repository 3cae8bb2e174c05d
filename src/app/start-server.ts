import { createAccessControl } from "../auth/access-control.ts";
import { CredentialStore } from "../auth/credential-store.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/parse-value.ts";
import { drainMsMax } from "../config/process-limits.ts";
import type { Engine } from "../engine/engine.ts";
import { limitsTableOf } from "../limits/limits-file.ts";
import { RateLimits } from "../limits/rate-limits.ts";
import { wasmModule } from "../records/wasm-module.ts";
import { FaultInjector } from "../server/dev/fault-injector.ts";
import { type Listening, listen } from "../server/http/listen.ts";
import { requestHandler } from "../server/pipeline/handle-request.ts";
import { reportHealth } from "../server/pipeline/health.ts";
import { adminPortHandler, mainPortHandler } from "../server/pipeline/port-handlers.ts";
import { CertificateFiles } from "../server/tls/certificate-files.ts";
import { createLogger, type Logger, logDiagnosticEvents } from "../telemetry/logger.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { Clock } from "../time/clock.ts";
import { DevClock } from "../time/dev-clock.ts";
import { systemClock } from "../time/system-clock.ts";
import { createInitialStreams } from "./create-initial-streams.ts";
import { createKeyProvider, type KeyProviderHandle, rootKeyProviderFor } from "./create-key-provider.ts";
import { type OpenServices, openServices } from "./services.ts";

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
  readonly dev: { readonly clock: DevClock; readonly faults: FaultInjector } | undefined;
  readonly keys: KeyProviderHandle;
  readonly log: Logger;
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
  wasmModule();
  const closing = new AsyncDisposableStack();
  const dev = config.dev ? { clock: new DevClock(worldClock), faults: new FaultInjector(Math.random) } : undefined;
  const format = process.stderr.isTTY ? "text" : "json";
  const log = createLogger({ level: config.logLevel, format, write: toStderr, nowMs: worldClock.nowMs });
  const keys = await createKeyProvider(config.keys, worldClock.nowMs);
  closing.defer(() => keys.close());
  const start: Start = { config, worldClock, dev, keys, log, closing, state: { isDraining: false } };
  try {
    closing.defer(logDiagnosticEvents(log, config.logLevel));
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
async function openRooms({ config, worldClock, dev, keys, closing }: Start, engine: Engine): Promise<OpenServices> {
  const clock = dev?.clock ?? worldClock;
  const table = limitsTableOf(config.limits);
  const limits = table === undefined ? undefined : new RateLimits(table, clock);
  const { transitionDelayMs } = config;
  const compresses = config.compression === "zstd";
  const open = await openServices({
    engine,
    clock,
    transitionDelayMs,
    keyProvider: keys.provider,
    compresses,
    limits,
  });
  closing.defer(() => open.close());
  // A file opens keys in no time, so that health tells from the start if it is the wrong one.
  if (config.keys.provider === "local") await open.services.shards.keys.tryAll();
  const { account, region } = config;
  const connection = { signal: new AbortController().signal };
  await createInitialStreams(config.streams, { ...open.services, caller: { account, region }, connection });
  return open;
}

/** The credentials that signatures are verified with. Undefined: signatures are looked at, not verified. */
function openCredentials({ config, worldClock, closing }: Start): CredentialStore | undefined {
  if (config.credentials === undefined) return undefined;
  const credentials = new CredentialStore(config.credentials, worldClock);
  closing.defer(() => credentials.close());
  return credentials;
}

/** The sockets, and what they lead to. */
async function openDoors(
  start: Start,
  engine: Engine,
  open: OpenServices,
): Promise<{ readonly endpoint: string; readonly port: number }> {
  const { config, worldClock, dev, keys, closing, state } = start;
  const { registry, shards, tokens } = open.services;
  const credentials = openCredentials(start);
  const accessControl =
    credentials === undefined
      ? undefined
      : createAccessControl((id) => credentials.find(id), { registry, tokens, nowMs: () => worldClock.nowMs() });
  const pipeline = requestHandler({
    services: open.services,
    callerDefaults: config,
    ...(accessControl === undefined ? {} : { accessControl }),
    ...(dev === undefined ? {} : { faultInjector: dev.faults }),
  });
  const metrics = new Metrics();
  closing.defer(() => metrics.close());
  const listening: Listening[] = [];
  const rooms = {
    health: () => {
      const keyringFault = keys.fault();
      const keyFaults = [...(keyringFault === undefined ? [] : [keyringFault]), ...shards.keys.faults()];
      const clockMovedByMs = dev?.clock.movedByMs ?? 0;
      return reportHealth(engine, {
        ...state,
        clockMovedByMs,
        keyFaults,
        credentialsFault: credentials?.fault,
        fault: registry.fault,
      });
    },
    metrics: async () => {
      const { figures } = await engine.health();
      const server = listening[0]?.figures() ?? {};
      return metrics.render({ engine: figures, server }, shards.traffic.families(registry.all()));
    },
    adminHosts: config.admin?.hosts ?? [],
    dev,
  };
  const main = await listen({
    hosts: config.hosts,
    port: config.port,
    clock: worldClock,
    handler: mainPortHandler({
      ...rooms,
      pipeline,
      origins: { verifiesSignatures: accessControl !== undefined, corsOrigins: config.corsOrigins },
      // Metrics and console ask for no signature: whoever verifies them elsewhere does not want these in the open.
      isAdminElsewhere: config.admin !== undefined || (accessControl !== undefined && !config.hosts.every(isLoopback)),
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
    const admin = await listen({ hosts, port, clock: worldClock, handler: adminPortHandler(rooms) });
    closing.defer(() => admin.close({ graceMs: drainMsMax }));
  }
  return { endpoint: `http://${hostInUrl(main.hosts[0] ?? "127.0.0.1")}:${main.port}`, port: main.port };
}

/** Loads only the engine that is asked for: the other's code would cost every start its milliseconds. */
async function makeEngine(config: Config, clock: Clock, { provider }: KeyProviderHandle): Promise<Engine> {
  switch (config.engine) {
    case "memory": {
      const { MemoryEngine } = await import("../engine/memory/memory-engine.ts");
      return new MemoryEngine({ clock, memoryBudgetBytes: config.memoryBudgetBytes });
    }
    case "embedded": {
      const { EmbeddedEngine } = await import("../engine/embedded/embedded-engine.ts");
      const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
      const { CompactionThread } = await import("../engine/embedded/compaction/compaction-thread.ts");
      const { encryptAtRest } = config;
      return new EmbeddedEngine({
        directory: config.dataDirectory,
        disk: nodeDisk,
        clock,
        diskBudgetBytes: config.diskBudgetBytes,
        devClock: config.dev,
        keys: encryptAtRest === undefined ? undefined : rootKeyProviderFor(provider, encryptAtRest.keyId, config),
        jobs: new CompactionThread(clock),
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
