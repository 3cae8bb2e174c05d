import { inPeriods, type ListedSource, type MetricReader, type PointQuery } from "../cloudwatch/metric-reader.ts";
import type { Gateways } from "../gateways/open-gateways.ts";
import type { StatisticPoint } from "../telemetry/statistic-history.ts";

const pointsCall = "metric points";
const sourcesCall = "metric sources";
/** A gateway that is gone is not among those that run after four seconds. */
const answerMsMax = 4_000;

/** What the other gateways are asked through. */
export interface AskedGateways {
  readonly registry: Pick<Gateways["registry"], "id" | "live">;
  readonly calls: Pick<Gateways["calls"], "call" | "handle">;
}

/**
 * Reads the samples of all gateways that run, each of which counts what it serves. Rejects with the EngineError of a gateway
 * that does not answer: a sum without its share would be wrong. Answers the same questions of other gateways by `own`.
 */
export function readerOverGateways(own: MetricReader, { registry, calls }: AskedGateways): MetricReader {
  calls.handle(pointsCall, async (payload) => encoded(await own.points(decoded(payload))));
  calls.handle(sourcesCall, async (payload) => encoded(await own.sources(decoded(payload))));
  async function ofOthers<Answer>(name: string, question: unknown): Promise<readonly Answer[]> {
    const others = registry.live.filter(({ id, address }) => id !== registry.id && address !== undefined);
    const call = { name, payload: encoded(question), signal: AbortSignal.timeout(answerMsMax) };
    return await Promise.all(others.map(async (gateway) => decoded<Answer>(await calls.call(gateway, call))));
  }
  return {
    async points(queries) {
      const [first, others] = await Promise.all([
        own.points(queries),
        ofOthers<readonly (readonly StatisticPoint[])[]>(pointsCall, queries),
      ]);
      return queries.map((query: PointQuery, i) =>
        inPeriods(
          [first, ...others].flatMap((all) => all[i] ?? []),
          query,
        ),
      );
    },
    async sources(sinceMs) {
      const [first, others] = await Promise.all([
        own.sources(sinceMs),
        ofOthers<readonly ListedSource[]>(sourcesCall, sinceMs),
      ]);
      const metrics = new Map<string, Set<number>>();
      for (const listed of [first, ...others].flat()) {
        metrics.set(listed.source, new Set([...(metrics.get(listed.source) ?? []), ...listed.metrics]));
      }
      return [...metrics].map(([source, numbers]) => ({ source, metrics: [...numbers] }));
    },
  };
}

function encoded(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** The bytes come from a gateway of this cluster, whose calls are encrypted. */
function decoded<Value>(payload: Uint8Array): Value {
  return JSON.parse(Buffer.from(payload).toString()) as Value;
}
