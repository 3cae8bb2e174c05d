import type { MetricDimension } from "../shards/metric-source.ts";
import { CloudWatchError } from "./cloudwatch-error.ts";
import { list, number, readInput, structure, text, time } from "./input-kinds.ts";
import { dimensions } from "./named-metric.ts";

/** API reference, PutMetricData: metrics of one call. */
const metricsMax = 1_000;

interface Statistics {
  readonly SampleCount: number;
  readonly Sum: number;
  readonly Minimum: number;
  readonly Maximum: number;
}
interface OptionalMembers {
  readonly Dimensions: readonly MetricDimension[];
  readonly Timestamp: number;
  readonly Value: number;
  readonly StatisticValues: Statistics;
  readonly Values: readonly number[];
  readonly Counts: readonly number[];
  readonly Unit: string;
  readonly StorageResolution: number;
}
type Datum = { readonly MetricName: string } & Partial<OptionalMembers>;

const datum = structure<{ readonly MetricName: string }, OptionalMembers>(
  { MetricName: text },
  {
    Dimensions: dimensions,
    Timestamp: time,
    Value: number,
    StatisticValues: structure<Statistics, object>(
      { SampleCount: number, Sum: number, Minimum: number, Maximum: number },
      {},
    ),
    Values: list(number),
    Counts: list(number),
    Unit: text,
    StorageResolution: number,
  },
);
const kind = structure<
  { readonly Namespace: string },
  {
    readonly MetricData: readonly Datum[];
    readonly EntityMetricData: readonly { readonly MetricData?: readonly Datum[] }[];
  }
>(
  { Namespace: text },
  {
    MetricData: list(datum),
    EntityMetricData: list(
      structure<object, { readonly MetricData: readonly Datum[] }>({}, { MetricData: list(datum) }),
    ),
  },
);

/** Checks the metrics as API reference, PutMetricData, says, and keeps none of them: docs/metrics.md. */
export async function putMetricData(input: unknown): Promise<undefined> {
  const { Namespace, MetricData = [], EntityMetricData = [] } = readInput(kind, input);
  if (Namespace.startsWith("AWS/")) {
    throw new CloudWatchError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.");
  }
  const all = [...MetricData, ...EntityMetricData.flatMap(({ MetricData: ofEntity = [] }) => ofEntity)];
  if (all.length === 0) throw new CloudWatchError("MissingParameter", "The parameter MetricData is required.");
  if (all.length > metricsMax) {
    throw new CloudWatchError(
      "InvalidParameterValue",
      `The collection MetricData must not have a size greater than ${metricsMax}.`,
    );
  }
  for (const [i, one] of all.entries()) checkDatum(one, `MetricData.member.${i + 1}`);
}

function checkDatum({ Value, Values, StatisticValues, StorageResolution }: Datum, path: string): void {
  const given = Object.entries({ Value, Values, StatisticValues }).filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    throw new CloudWatchError(
      "InvalidParameterCombination",
      `At least one of the parameters ${path}.Value and ${path}.StatisticValues must be specified.`,
    );
  }
  const [[first = ""] = [], [second] = []] = given;
  if (second !== undefined) {
    throw new CloudWatchError(
      "InvalidParameterCombination",
      `The parameters ${path}.${first} and ${path}.${second} are mutually exclusive and you have specified both.`,
    );
  }
  if (StorageResolution !== undefined && StorageResolution !== 1 && StorageResolution !== 60) {
    throw new CloudWatchError(
      "InvalidParameterValue",
      `The parameter ${path}.StorageResolution must be a value in the set [ 1, 60 ].`,
    );
  }
}
