import { type MetricDimension, parseMetricSource } from "../shards/metric-source.ts";
import { CloudWatchError } from "./cloudwatch-error.ts";
import { list, readInput, structure, text } from "./input-kinds.ts";
import { type CloudWatchContext, kinesisNamespace, type MetricOwner } from "./named-metric.ts";
import { decodeNextToken, encodeNextToken } from "./next-token.ts";

/** API reference, ListMetrics: metrics of one response. */
const metricsMax = 500;
const recentlyActive = "PT3H";
const recentMs = 3 * 3_600_000;

type DimensionFilter = { readonly Name: string } & Partial<{ readonly Value: string }>;

const kind = structure<
  object,
  {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly DimensionFilter[];
    readonly NextToken: string;
    readonly RecentlyActive: string;
  }
>(
  {},
  {
    Namespace: text,
    MetricName: text,
    Dimensions: list(structure<{ readonly Name: string }, { readonly Value: string }>({ Name: text }, { Value: text })),
    NextToken: text,
    RecentlyActive: text,
  },
);

interface Listed {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly MetricDimension[];
}

/** API reference, ListMetrics: those that had samples in the time that is kept, in the order of their names. */
export async function listMetrics(input: unknown, { owner, reader, nowMs }: CloudWatchContext): Promise<object> {
  const { Namespace, MetricName, Dimensions = [], NextToken, RecentlyActive } = readInput(kind, input);
  if (RecentlyActive !== undefined && RecentlyActive !== recentlyActive) {
    throw new CloudWatchError(
      "InvalidParameterValue",
      `The value ${RecentlyActive} for parameter RecentlyActive is invalid.`,
    );
  }
  if (Namespace !== undefined && Namespace !== kinesisNamespace) return { Metrics: [] };
  const sinceMs = RecentlyActive === undefined ? 0 : nowMs - recentMs;
  const all = (await reader.sources(sinceMs))
    .flatMap(({ source, metrics }) => metricsOf(source, metrics, owner))
    .filter((metric) => MetricName === undefined || metric.MetricName === MetricName)
    .filter((metric) => Dimensions.every((filter) => hasDimension(metric, filter)));
  const start = NextToken === undefined ? 0 : decodeNextToken(NextToken);
  const end = start + metricsMax;
  const more = all.length > end ? { NextToken: encodeNextToken(end) } : {};
  return { Metrics: all.sort(byName).slice(start, end), ...more };
}

function metricsOf(source: string, numbers: readonly number[], owner: MetricOwner): readonly Listed[] {
  const { account, region, dimensions, metrics } = parseMetricSource(source);
  if (account !== owner.account || region !== owner.region) return [];
  return numbers.flatMap((number) => {
    const name = metrics[number]?.name;
    return name === undefined ? [] : [{ Namespace: kinesisNamespace, MetricName: name, Dimensions: dimensions }];
  });
}

function hasDimension({ Dimensions }: Listed, filter: DimensionFilter): boolean {
  return Dimensions.some(({ Name, Value }) => Name === filter.Name && (filter.Value ?? Value) === Value);
}

function byName(one: Listed, other: Listed): number {
  const [first, second] = [keyOf(one), keyOf(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function keyOf({ MetricName, Dimensions }: Listed): string {
  return `${MetricName} ${Dimensions.map(({ Value }) => Value).join(" ")}`;
}
