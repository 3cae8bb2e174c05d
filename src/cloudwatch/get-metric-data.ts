import type { StatisticPoint } from "../telemetry/statistic-history.ts";
import { CloudWatchError } from "./cloudwatch-error.ts";
import { boolean, list, number, readInput, structure, text, time } from "./input-kinds.ts";
import type { PointQuery } from "./metric-reader.ts";
import {
  type CloudWatchContext,
  dimensions,
  findMetric,
  isExtendedStatistic,
  isPeriod,
  isStatistic,
  type MetricName,
  type MetricOwner,
  roundedStart,
  statisticOf,
} from "./named-metric.ts";
import { decodeNextToken, encodeNextToken } from "./next-token.ts";

/** API reference, GetMetricData: queries of one call, and data points of one response. */
const queriesMax = 500;
const pointsMax = 100_800;

interface MetricStat {
  readonly Metric: MetricName;
  readonly Period: number;
  readonly Stat: string;
}
type DataQuery = { readonly Id: string } & Partial<{
  readonly MetricStat: MetricStat & { readonly Unit?: string };
  readonly Expression: string;
  readonly Label: string;
  readonly ReturnData: boolean;
}>;

const metricStat = structure<MetricStat, { readonly Unit: string }>(
  {
    Metric: structure<object, Required<MetricName>>({}, { Namespace: text, MetricName: text, Dimensions: dimensions }),
    Period: number,
    Stat: text,
  },
  { Unit: text },
);
const kind = structure<
  { readonly MetricDataQueries: readonly DataQuery[]; readonly StartTime: number; readonly EndTime: number },
  { readonly NextToken: string; readonly ScanBy: string; readonly MaxDatapoints: number }
>(
  {
    MetricDataQueries: list(
      structure<Pick<DataQuery, "Id">, Required<Omit<DataQuery, "Id">>>({ Id: text }, {
        MetricStat: metricStat,
        Expression: text,
        Label: text,
        ReturnData: boolean,
      } as never),
    ),
    StartTime: time,
    EndTime: time,
  },
  { NextToken: text, ScanBy: text, MaxDatapoints: number },
);

/** API reference, GetMetricData, without metric math: every query names a metric. */
export async function getMetricData(input: unknown, { owner, reader }: CloudWatchContext): Promise<object> {
  const asked = readInput(kind, input, "ValidationError");
  const { MetricDataQueries: queries, StartTime, EndTime, NextToken, ScanBy } = asked;
  const wrong = [...timeFaults(StartTime, EndTime), ...queries.flatMap(queryFaults), ...idFaults(queries)];
  if (wrong.length > 0) throw new CloudWatchError("ValidationError", wrong.join("\n"));
  const maxPoints = Math.min(Math.max(1, asked.MaxDatapoints ?? pointsMax), pointsMax);
  const skipped = NextToken === undefined ? 0 : decodeNextToken(NextToken);
  const wanted = queries.filter(({ ReturnData = true }) => ReturnData);
  const found = wanted.map((query) => ({ query, points: pointQueryOf(query, owner, asked) }));
  const page = { skipped, end: skipped + maxPoints, isAscending: ScanBy === "TimestampAscending" };
  let at = 0;
  const results: object[] = [];
  for (const group of groupsOf(found)) {
    const read = await reader.points(group.flatMap(({ points }) => points ?? []));
    let next = 0;
    for (const { query, points } of group) {
      const values = points === undefined ? [] : valuesOf(read[next++] ?? [], query.MetricStat?.Stat ?? "");
      results.push(resultOf(query, values, at, page));
      at += values.length;
    }
  }
  return {
    MetricDataResults: results,
    Messages: [],
    ...(at > page.end ? { NextToken: encodeNextToken(page.end) } : {}),
  };
}

interface FoundQuery {
  readonly query: DataQuery;
  /** Undefined: no such metric has samples. */
  readonly points: PointQuery | undefined;
}

/** In order, each with as many points at most as one response, or with one query: all points of 500 queries take gigabytes. */
function* groupsOf(found: readonly FoundQuery[]): Generator<readonly FoundQuery[]> {
  let group: FoundQuery[] = [];
  let count = 0;
  for (const one of found) {
    const more = one.points === undefined ? 0 : (one.points.endMs - one.points.startMs) / one.points.periodMs;
    if (group.length > 0 && count + more > pointsMax) {
      yield group;
      [group, count] = [[], 0];
    }
    group.push(one);
    count += more;
  }
  yield group;
}

function timeFaults(startMs: number, endMs: number): readonly string[] {
  if (startMs === endMs) return ["The parameter StartTime must not equal parameter EndTime."];
  return startMs > endMs ? ["The parameter StartTime must be less than the parameter EndTime."] : [];
}

function queryFaults({ MetricStat, Expression }: DataQuery, i: number): readonly string[] {
  const path = `MetricDataQueries.member.${i + 1}`;
  if (Expression !== undefined)
    return [`The parameter ${path}.Expression is not supported: this server has no metric math.`];
  if (MetricStat === undefined) return [`The parameter ${path}.MetricStat is required.`];
  const { Stat, Period } = MetricStat;
  const faults: string[] = [];
  if (!isStatistic(Stat) && !isExtendedStatistic(Stat)) {
    faults.push(`The value ${Stat} for parameter ${path}.MetricStat.Stat is not a valid statistic.`);
  }
  if (!isPeriod(Period)) {
    faults.push(`The parameter ${path}.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.`);
  }
  return faults;
}

function idFaults(queries: readonly DataQuery[]): readonly string[] {
  if (queries.length > queriesMax)
    return [`The collection MetricDataQueries must not have a size greater than ${queriesMax}.`];
  const ids = new Set(queries.map(({ Id }) => Id));
  const malformed = [...ids].filter((id) => !/^[a-z][a-zA-Z0-9_]*$/.test(id));
  return [
    ...malformed.map(
      (id) =>
        `The value ${id} for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
    ),
    ...(ids.size < queries.length ? ["The values for parameter id in MetricDataQueries are not unique."] : []),
  ];
}

function pointQueryOf(
  { MetricStat }: DataQuery,
  owner: MetricOwner,
  { StartTime, EndTime }: { readonly StartTime: number; readonly EndTime: number },
): PointQuery | undefined {
  if (MetricStat === undefined) return undefined;
  const found = findMetric(owner, MetricStat.Metric);
  if (found === undefined || (MetricStat.Unit !== undefined && MetricStat.Unit !== found.unit)) return undefined;
  const periodMs = MetricStat.Period * 1_000;
  const { source, metric } = found;
  return { source, metric, startMs: roundedStart(StartTime, periodMs), endMs: EndTime, periodMs };
}

interface Value {
  readonly time: Date;
  readonly value: number;
}

function valuesOf(points: readonly StatisticPoint[], statistic: string): readonly Value[] {
  return points.flatMap((point) => {
    const value = statisticOf(point, statistic);
    return value === undefined ? [] : [{ time: new Date(point.timeMs), value }];
  });
}

/** The values that a response shows, by their numbers over all results. */
interface Page {
  readonly skipped: number;
  readonly end: number;
  readonly isAscending: boolean;
}

/** `at`: the number of the first value. A result whose values are cut is PartialData. */
function resultOf(
  { Id, Label, MetricStat }: DataQuery,
  values: readonly Value[],
  at: number,
  { skipped, end, isAscending }: Page,
): object {
  const ordered = isAscending ? values : values.toReversed();
  const shown = ordered.slice(Math.max(0, skipped - at), Math.max(0, end - at));
  return {
    Id,
    Label: Label ?? MetricStat?.Metric.MetricName,
    Timestamps: shown.map(({ time }) => time),
    Values: shown.map(({ value }) => value),
    StatusCode: at + values.length > end && values.length > 0 ? "PartialData" : "Complete",
  };
}
