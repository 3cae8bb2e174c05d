import { inPeriods, type ListedSource, type MetricReader, type PointQuery } from "../cloudwatch/metric-reader.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { StatisticHistory, type StatisticPoint } from "../telemetry/statistic-history.ts";
import type { Clock } from "../time/clock.ts";
import { TickTurns } from "../time/tick-turns.ts";
import type { Services } from "./open-services.ts";
import { type AskedGateways, readerOverGateways } from "./reader-over-gateways.ts";

const mib = 1024 * 1024;
/** Steps of five seconds for an hour, for periods below a minute. */
const shortSteps = { stepMs: 5_000, stepsMax: 720, bytesMax: 32 * mib };
/** Steps of a minute for 15 days, as CloudWatch keeps them. */
const longSteps = { stepMs: 60_000, stepsMax: 15 * 24 * 60, bytesMax: 32 * mib };

export interface MonitoringSources {
  readonly services: Pick<Services, "registry" | "shards"> & { readonly gateways?: AskedGateways | undefined };
  /** Not moved by `--dev`. */
  readonly clock: Clock;
  /** Gets what ends the sampling. */
  readonly closing: AsyncDisposableStack;
}

/**
 * Begins to keep the statistics of streams, and returns what reads them, over all gateways. Nothing of it outlives the
 * process.
 */
export function openMonitoring({ services, clock, closing }: MonitoringSources): MetricReader {
  const { registry, shards, gateways } = services;
  const [short, long] = [new StatisticHistory(shortSteps), new StatisticHistory(longSteps)];
  /** A query may read 15 days of minutes, and a call has up to 500; a step may have 20,000 shards. */
  const turns = new TickTurns();
  let sinceMs = clock.nowMs();
  /** What was counted since the last call belongs to the step in which that was. */
  const endStep = async (): Promise<void> => {
    const begunMs = sinceMs;
    sinceMs = clock.nowMs();
    for (const _ of shards.traffic.sample(registry.all(), [short, long], begunMs)) await turns.next();
  };
  let lastStep: Promise<void> = Promise.resolve();
  const sample = (): Promise<void> => {
    lastStep = lastStep.catch(() => undefined).then(endStep);
    return lastStep;
  };
  const stopping = new AbortController();
  const sampling = sampleUntil(stopping.signal, clock, sample);
  closing.defer(async () => {
    stopping.abort();
    await sampling;
  });
  const own: MetricReader = {
    async points(queries) {
      await sample();
      const results: (readonly StatisticPoint[])[] = [];
      for (const query of queries) {
        await turns.next();
        results.push(inPeriods(stepsOf(query, short, long), query));
      }
      return results;
    },
    async sources(sinceListedMs) {
      await sample();
      return [...long.sources(sinceListedMs)].map(
        ([source, metrics]): ListedSource => ({ source, metrics: [...metrics] }),
      );
    },
  };
  return gateways === undefined ? own : readerOverGateways(own, gateways);
}

function stepsOf(
  { source, metric, startMs, endMs, periodMs }: PointQuery,
  short: StatisticHistory,
  long: StatisticHistory,
): Iterable<StatisticPoint> {
  return (periodMs < long.stepMs ? short : long).points(source, metric, startMs, endMs);
}

/** At the end of each step of the wall clock. A failure is published. */
async function sampleUntil(signal: AbortSignal, clock: Clock, sample: () => Promise<void>): Promise<void> {
  const { stepMs } = shortSteps;
  for (;;) {
    await clock.delay(stepMs - (clock.nowMs() % stepMs), signal).catch(() => undefined);
    if (signal.aborted) return;
    await sample().catch((error) => backgroundTaskFailed.publish({ streamName: "-", intent: "metrics", error }));
  }
}
