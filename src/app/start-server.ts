import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { createAccessControl } from "../auth/access-control.ts";
import { CredentialStore } from "../auth/credential-store.ts";
import type { Config } from "../config/config.ts";
import { keyringBeside } from "../config/load-config.ts";
import { defaultMemoryBudgetBytes } from "../config/memory-budget.ts";
import type { Engine, StreamBytes } from "../engine/engine.ts";
import { limitsTableOf } from "../limits/limits-file.ts";
import { RateLimits } from "../limits/rate-limits.ts";
import { wasmModule } from "../records/wasm-module.ts";
import { FaultInjector } from "../server/dev/fault-injector.ts";
import type { RequestHandler } from "../server/http/http-message.ts";
import type { Listening } from "../server/http/listen.ts";
import { bodyAdmitter, createRequestHandler, type PipelineServices } from "../server/pipeline/handle-request.ts";
import { type HealthInputs, healthReportOf } from "../server/pipeline/health.ts";
import {
  type MonitoringServices,
  monitoringBodyAdmitter,
  monitoringHandler,
} from "../server/pipeline/monitoring-handler.ts";
import type { Endpoints } from "../server/pipeline/port-handler.ts";
import { findQueue } from "../streams/queue-ref.ts";
import { LineWriter } from "../telemetry/line-writer.ts";
import { createLogger, type Logger, logDiagnosticEvents } from "../telemetry/logger.ts";
import { type Figures, Metrics } from "../telemetry/metrics.ts";
import type { OpenTelemetry } from "../telemetry/otlp/load-opentelemetry.ts";
import type { MetricFamily } from "../telemetry/prometheus-text.ts";
import type { Clock } from "../time/clock.ts";
import { DevClock } from "../time/dev-clock.ts";
import { systemClock } from "../time/system-clock.ts";
import { channelMetricFamilies } from "./channel-metric-families.ts";
import { createInitialStreams } from "./create-initial-streams.ts";
import { createKeyProvider, type KeyProviderHandle, rootKeyProviderFor } from "./create-key-provider.ts";
import { type LimitSources, limitMetricFamilies } from "./limit-metric-families.ts";
import { openConsole } from "./open-console.ts";
import { checkPorts, openListeners } from "./open-listeners.ts";
import { loadOpenTelemetryFor, openMetrics } from "./open-metrics.ts";
import { openMonitoring } from "./open-monitoring.ts";
import { openServices, type Services } from "./open-services.ts";
import { planListeners } from "./plan-listeners.ts";
import { queueMetricFamilies } from "./queue-metric-families.ts";

export interface RunningServer {
  /** `http://127.0.0.1:4567` */
  readonly endpoint: string;
  readonly port: number;
  /** Drains: finishes what is in flight, then closes the engine. Calling it again joins the first call. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly clock?: Clock;
  /** Settings without effect, each as a sentence for the log. */
  readonly notices?: readonly string[];
}

/** What the steps of a start share. */
interface Start {
  readonly config: Config;
  /** Times sockets, certificates, signatures and log lines: `--dev` does not move the clocks of clients. */
  readonly unmovedClock: Clock;
  /** Only with `--dev`: the clock of everything else, and the faults to inject. */
  readonly dev: { readonly clock: DevClock; readonly faults: FaultInjector } | undefined;
  readonly keys: KeyProviderHandle;
  readonly openTelemetry: OpenTelemetry | undefined;
  /** What is open so far, to be closed in reverse order by a failing start and by a stop. */
  readonly closing: AsyncDisposableStack;
  readonly state: { isDraining: boolean };
  /** The name of the stream with an id, once the registry is open. */
  readonly streamNames: { find: (streamId: string) => string | undefined };
}

/**
 * The composition root: opens engine, services and listeners, in this order, and closes them in the reverse one.
 *
 * Throws `StartError`, `DataDirectoryError` or `EngineError` with one sentence for the person at the terminal.
 */
export async function startServer(
  config: Config,
  { clock = systemClock, notices = [] }: StartOptions = {},
): Promise<RunningServer> {
  // Made while the heap is small: V8 collects all of the heap when it makes memory of this size, which the first request
  // should not wait for.
  wasmModule();
  const closing = new AsyncDisposableStack();
  const dev = config.dev ? { clock: new DevClock(clock), faults: new FaultInjector(Math.random) } : undefined;
  const format = process.stderr.isTTY ? "text" : "json";
  const lines = new LineWriter(process.stderr, (count) =>
    log.warn("log lines dropped, their reader was too slow", { count }),
  );
  const write = (line: string): void => lines.write(line);
  const log: Logger = createLogger({ level: config.logLevel, format, write, nowMs: clock.nowMs });
  const plans = planListeners(config);
  // Before anything is made on disk: a taken port leaves no new directory.
  await checkPorts(plans);
  const openTelemetry = await loadOpenTelemetryFor(config);
  for (const notice of notices) log.warn("setting without effect", { notice });
  const keys = await createKeyProvider(config.keys, clock.nowMs);
  reportAbsentKeyring(config, keys, log);
  closing.defer(() => keys.close());
  const streamNames: Start["streamNames"] = { find: () => undefined };
  const state = { isDraining: false };
  const start: Start = { config, unmovedClock: clock, dev, keys, openTelemetry, closing, state, streamNames };
  try {
    closing.defer(logDiagnosticEvents(log, config.logLevel, (streamId) => streamNames.find(streamId)));
    const engine = await makeEngine(config, dev?.clock ?? clock, keys);
    await engine.open();
    closing.defer(() => engine.close());
    const services = await openServicesOn(engine, start);
    for (const reason of services.shards.keys.faults()) log.error("encrypted records cannot be used", { reason });
    const { endpoint, port } = await openPorts(start, engine, services);
    log.info("server ready", { endpoint, engine: engine.name });
    return runningServer({ endpoint, port }, start, services, log);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** The keyring beside the data directory is made when it is needed; one that the operator has named may be missed. */
function reportAbsentKeyring({ keys, dataDirectory }: Config, handle: KeyProviderHandle, log: Logger): void {
  const fault = handle.fault();
  if (fault !== undefined) log.error("keyring cannot be used", { reason: fault });
  if (keys.provider !== "local" || keys.keyring === undefined || !handle.isFileAbsent()) return;
  if (keys.keyring === keyringBeside(dataDirectory)) return;
  log.warn("keyring does not exist, the first master key makes a new one; if there was one, put it back first", {
    keyring: keys.keyring,
  });
}

function runningServer(
  address: { readonly endpoint: string; readonly port: number },
  { closing, state }: Start,
  { queues }: Services,
  log: Logger,
): RunningServer {
  const stack = closing.move();
  let closed: Promise<void> | undefined;
  return {
    ...address,
    close() {
      state.isDraining = true;
      queues.drain();
      closed ??= stack.disposeAsync().then(() => log.info("server stopped"));
      return closed;
    },
  };
}

/** Everything between the engine and the listeners, with the streams of `--stream` created. */
async function openServicesOn(engine: Engine, start: Start): Promise<Services> {
  const { config, unmovedClock, dev, keys, closing } = start;
  const clock = dev?.clock ?? unmovedClock;
  const table = limitsTableOf(config.limits);
  const { services, close } = await openServices({
    engine,
    clock,
    transitionDelayMs: config.transitionDelayMs,
    keyProvider: keys.provider,
    compresses: config.compression === "zstd",
    limits: table === undefined ? undefined : new RateLimits(table, clock),
    channels: config.channels,
    splitsHotShards: config.splitsHotShards,
  });
  closing.defer(close);
  // A file unwraps keys at once, so that health reports a wrong one from the start.
  if (config.keys.provider === "local") await services.shards.keys.tryAll();
  start.streamNames.find = (streamId) => {
    for (const { stream } of services.registry.all()) {
      // The state logs of its queues have ids of their own.
      if (stream.id === streamId || findQueue(stream, streamId) !== undefined) return stream.name;
    }
    return undefined;
  };
  const { account, region } = config;
  const connection = { signal: new AbortController().signal };
  await createInitialStreams(config.streams, { ...services, caller: { account, region }, connection });
  return services;
}

/** The credentials that signatures are verified with. Undefined: signatures are read, not verified. */
function openCredentials({ config, unmovedClock, closing }: Start): CredentialStore | undefined {
  if (config.credentials === undefined) return undefined;
  const credentials = new CredentialStore(config.credentials, unmovedClock);
  closing.defer(() => credentials.close());
  return credentials;
}

/** Opens the listeners that the configuration asks for, and what their paths lead to. */
async function openPorts(
  start: Start,
  engine: Engine,
  services: Services,
): Promise<{ readonly endpoint: string; readonly port: number }> {
  const { config, unmovedClock: clock, dev, closing } = start;
  const { registry, shards, queues, channelDelivery, tokens, iterators } = services;
  const credentials = openCredentials(start);
  const accessControl =
    credentials === undefined
      ? undefined
      : createAccessControl((id) => credentials.find(id), { registry, tokens, iterators, nowMs: () => clock.nowMs() });
  const pipeline: PipelineServices = {
    services,
    callerDefaults: config,
    ...(accessControl === undefined ? {} : { accessControl }),
    ...(dev === undefined ? {} : { faultInjector: dev.faults }),
  };
  const metrics = new Metrics();
  closing.defer(() => metrics.close());
  let main: Listening | undefined;
  const reader = openMonitoring({ services, clock, closing });
  const monitoring: MonitoringServices = { reader, callerDefaults: config, accessControl, clock };
  const families = async (): Promise<readonly MetricFamily[]> => {
    const { figures, space } = await engine.health();
    return [
      ...metrics.families({ engine: figures, ...gatewayFigures(services), server: main?.figures() ?? {} }),
      ...shards.traffic.families(registry.all()),
      ...queueMetricFamilies(registry.all(), (queueId) => queues.figures(queueId)),
      ...channelMetricFamilies(registry.all(), (channelId) => channelDelivery.figures(channelId)),
      ...limitMetricFamilies(limitSourcesOf(services)),
      storedBytes(space?.largestStreams ?? [], start),
    ];
  };
  const metricsText = await openMetrics({ config, openTelemetry: start.openTelemetry, families, clock, closing });
  const endpoints: Endpoints = {
    api: createRequestHandler(pipeline),
    monitoring: monitoringHandler(monitoring),
    monitoringBodies: monitoringBodyAdmitter(monitoring),
    consoleApi: createRequestHandler({ ...pipeline, services: { ...pipeline.services, isConsole: true } }),
    gateway: await openGatewayHandler(services),
    apiBodies: bodyAdmitter(pipeline),
    health: (asked) =>
      healthReportOf(
        { name: engine.name, health: async () => asked ?? (await engine.health()) },
        { ...serverStateOf(start, services), credentialsFault: credentials?.fault },
      ),
    metrics: metricsText,
    console: openConsole({ config, engine, services, clock, closing }),
    dev,
  };
  main = await openListeners(planListeners(config), { endpoints, clock, closing });
  await services.gateways?.registry.announce(config.nats?.advertised ?? ownAddress(main));
  return { endpoint: `http://${hostInUrl(main.hosts[0] ?? "127.0.0.1")}:${main.port}`, port: main.port };
}

function limitSourcesOf({ registry, limits, serverShardCountMax, gateways, scaling }: Services): LimitSources {
  const gatewayCount = gateways?.registry.live.length ?? 1;
  const { rates, hotShards } = scaling;
  return { registry, table: limits?.table, serverShardCountMax, gatewayCount, rates, hotShards };
}

/** Where other gateways reach a port: at its first host, or, when that is all addresses of the machine, at one of them. */
function ownAddress({ hosts, port }: Listening): string {
  const [host = "127.0.0.1"] = hosts;
  const outward = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const first = outward.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const isEvery = host === "0.0.0.0" || host === "::";
  return `http://${hostInUrl(isEvery ? (first ?? "127.0.0.1") : host)}:${port}`;
}

/** Streams of one name in several accounts or regions are one series. */
function storedBytes(streams: readonly StreamBytes[], { streamNames }: Start): MetricFamily {
  const bytesOf = new Map<string, number>();
  for (const { streamId, bytes } of streams) {
    const stream = streamNames.find(streamId);
    if (stream !== undefined) bytesOf.set(stream, (bytesOf.get(stream) ?? 0) + bytes);
  }
  return {
    name: "millrace_stream_stored_bytes",
    type: "gauge",
    help: "Bytes on the disk of the streams that have the most, at most ten.",
    samples: [...bytesOf].map(([stream, value]) => ({ labels: { stream }, value })),
  };
}

/** Loaded only where there may be other gateways. */
async function openGatewayHandler({ gateways }: Services): Promise<RequestHandler | undefined> {
  if (gateways === undefined) return undefined;
  const { gatewayHandler } = await import("../server/pipeline/gateway-handler.ts");
  return gatewayHandler(gateways.calls);
}

function gatewayFigures({ gateways }: Services): Figures {
  return gateways === undefined ? {} : { gateways: { live: gateways.registry.live.length } };
}

function serverStateOf({ dev, keys, state, streamNames }: Start, services: Services): HealthInputs {
  const { registry, shards, channelDelivery, gateways } = services;
  const providerFault = keys.fault();
  return {
    isDraining: state.isDraining,
    clockMovedByMs: dev?.clock.movedByMs ?? 0,
    keyFaults: [...(providerFault === undefined ? [] : [providerFault]), ...shards.keys.faults()],
    channelFaults: channelDelivery.faults(registry.all()),
    streamName: (streamId) => streamNames.find(streamId),
    fault: registry.fault ?? gateways?.fault,
  };
}

/** Loads only the engine that is asked for, because loading the other would lengthen each start. */
async function makeEngine(config: Config, clock: Clock, { provider }: KeyProviderHandle): Promise<Engine> {
  switch (config.engine) {
    case "memory": {
      const { MemoryEngine } = await import("../engine/memory/memory-engine.ts");
      return new MemoryEngine({ clock, memoryBudgetBytes: config.memoryBudgetBytes ?? defaultMemoryBudgetBytes() });
    }
    case "jetstream": {
      const { JetStreamEngine } = await import("../engine/jetstream/jetstream-engine.ts");
      assert(config.nats !== undefined, "the configuration of the jetstream engine names its servers");
      const { clusterAddressOf, clusterPrefix } = await import("./cluster-tools.ts");
      const { monitorUrls, assumesFsync, allowsDegraded } = config.nats;
      return new JetStreamEngine({
        address: clusterAddressOf(config.nats),
        prefix: clusterPrefix,
        nowMs: () => clock.nowMs(),
        monitorUrls,
        assumesFsync,
        allowsDegraded,
      });
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

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
