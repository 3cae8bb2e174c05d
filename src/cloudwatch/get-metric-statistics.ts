import type { MetricDimension } from "../shards/metric-source.ts";
import type { StatisticPoint } from "../telemetry/statistic-history.ts";
import { CloudWatchError } from "./cloudwatch-error.ts";
import { list, number, readInput, structure, text, time } from "./input-kinds.ts";
import {
  type CloudWatchContext,
  dimensions,
  findMetric,
  isExtendedStatistic,
  isPeriod,
  isStatistic,
  roundedStart,
  statisticOf,
} from "./named-metric.ts";

/** API reference, GetMetricStatistics: data points of one response. */
const pointsMax = 1_440;

const kind = structure<
  {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly StartTime: number;
    readonly EndTime: number;
    readonly Period: number;
  },
  {
    readonly Dimensions: readonly MetricDimension[];
    readonly Statistics: readonly string[];
    readonly ExtendedStatistics: readonly string[];
    readonly Unit: string;
  }
>(
  { Namespace: text, MetricName: text, StartTime: time, EndTime: time, Period: number },
  { Dimensions: dimensions, Statistics: list(text), ExtendedStatistics: list(text), Unit: text },
);

/** API reference, GetMetricStatistics. The points are in the order of time, which the service does not promise. */
export async function getMetricStatistics(input: unknown, { owner, reader }: CloudWatchContext): Promise<object> {
  const asked = readInput(kind, input);
  const { MetricName, Statistics = [], ExtendedStatistics = [], StartTime, EndTime, Period, Unit } = asked;
  check(asked);
  const found = findMetric(owner, asked);
  if (found === undefined || (Unit !== undefined && Unit !== found.unit)) return { Label: MetricName, Datapoints: [] };
  const { source, metric, unit } = found;
  const periodMs = Period * 1_000;
  const startMs = roundedStart(StartTime, periodMs);
  const [points = []] = await reader.points([{ source, metric, startMs, endMs: EndTime, periodMs }]);
  const names = { statistics: Statistics, extended: ExtendedStatistics };
  return { Label: MetricName, Datapoints: points.map((point) => ({ ...datapoint(point, names), Unit: unit })) };
}

type Input = Exclude<ReturnType<typeof kind>, undefined>;

function check({ StartTime, EndTime, Period, Statistics = [], ExtendedStatistics = [] }: Input): void {
  if (StartTime >= EndTime) throw invalid("The parameter StartTime must be less than the parameter EndTime.");
  if (!isPeriod(Period)) throw invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
  const wrong = [...Statistics.filter((name) => !isStatistic(name)), ...ExtendedStatistics.filter(isNoExtended)];
  if (wrong.length > 0) throw invalid(wrong.map((name) => `The value ${name} is not a valid statistic.`).join("\n"));
  if (Statistics.length + ExtendedStatistics.length === 0) {
    throw combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  const pointCount = Math.ceil((EndTime - StartTime) / (Period * 1_000));
  if (pointCount > pointsMax) {
    throw combination(
      `You have requested up to ${pointCount} datapoints, which exceeds the limit of ${pointsMax}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
}

function isNoExtended(name: string): boolean {
  return !isExtendedStatistic(name);
}

interface StatisticNames {
  readonly statistics: readonly string[];
  readonly extended: readonly string[];
}

function datapoint(point: StatisticPoint, { statistics, extended }: StatisticNames): object {
  const values = statistics.map((name) => [name, statisticOf(point, name)] as const);
  const more = extended
    .map((name) => [name, statisticOf(point, name)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    Timestamp: new Date(point.timeMs),
    ...Object.fromEntries(values),
    ...(more.length === 0 ? {} : { ExtendedStatistics: Object.fromEntries(more) }),
  };
}

function invalid(message: string): CloudWatchError {
  return new CloudWatchError("InvalidParameterValue", message);
}

function combination(message: string): CloudWatchError {
  return new CloudWatchError("InvalidParameterCombination", message);
}
