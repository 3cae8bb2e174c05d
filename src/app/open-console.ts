import type { Config } from "../config/config.ts";
import { describeConfig } from "../config/describe-config.ts";
import { packageVersion } from "../config/package-version.ts";
import type { Engine } from "../engine/engine.ts";
import type { ConsoleServices } from "../server/console/console-services.ts";
import { historyStepMs, TrafficHistory } from "../shards/traffic-history.ts";
import type { Clock } from "../time/clock.ts";
import type { Services } from "./open-services.ts";
import { planListeners } from "./plan-listeners.ts";

export interface ConsoleSources {
  readonly config: Config;
  readonly engine: Engine;
  readonly services: Services;
  /** Not moved by `--dev`: steps of the history are real time. */
  readonly clock: Clock;
  /** Gets what ends the sampling. */
  readonly closing: AsyncDisposableStack;
}

/** What the console shows of the server; undefined with `--console off`. Begins to keep the history of the traffic. */
export function openConsole({ config, engine, services, clock, closing }: ConsoleSources): ConsoleServices | undefined {
  const { counts } = services.shards;
  const { consoleMode: mode } = planListeners(config);
  if (mode === "off") return undefined;
  const { registry, queues, channelDelivery } = services;
  const history = new TrafficHistory(counts);
  const stopping = new AbortController();
  const sampling = sampleUntil(stopping.signal, clock, (elapsedMs) => {
    history.sample(clock.nowMs(), elapsedMs);
  });
  closing.defer(async () => {
    stopping.abort();
    await sampling;
  });
  return {
    ...{ mode, engine, registry, counts, history, clock },
    channelFigures: (channelId) => channelDelivery.figures(channelId),
    channelFailure: (channelId) => channelDelivery.failure(channelId),
    queueFigures: (queueId) => queues.figures(queueId),
    version: packageVersion(),
    startedMs: clock.nowMs(),
    settings: describeConfig(config),
    verifiesSignatures: config.credentials !== undefined,
    account: config.account,
    region: config.region,
  };
}

async function sampleUntil(signal: AbortSignal, clock: Clock, sample: (elapsedMs: number) => void): Promise<void> {
  for (let lastMs = clock.monotonicMs(); ; ) {
    await clock.delay(historyStepMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const nowMs = clock.monotonicMs();
    sample(nowMs - lastMs);
    lastMs = nowMs;
  }
}
