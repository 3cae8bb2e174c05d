import type { StreamAddress } from "../streams/arn.ts";
import { consumerMetrics, type KinesisMetric, shardMetrics, streamMetrics } from "./kinesis-metrics.ts";

/**
 * What samples of AWS/Kinesis belong to, as a text: a stream by account, region and name, or one of its shards or consumers.
 * No part may contain a slash. A stream that is made again under its name goes on with its samples, as in CloudWatch.
 */
export type MetricSource = string;

export function streamSource({ account, region, name }: StreamAddress): MetricSource {
  return `${account}/${region}/${name}`;
}

export function shardSource(stream: StreamAddress, shardId: string): MetricSource {
  return `${streamSource(stream)}/ShardId/${shardId}`;
}

export function consumerSource(stream: StreamAddress, consumerName: string): MetricSource {
  return `${streamSource(stream)}/ConsumerName/${consumerName}`;
}

/** A name and value by which CloudWatch tells metrics of one name apart. */
export interface MetricDimension {
  readonly Name: string;
  readonly Value: string;
}

interface SourceParts {
  readonly account: string;
  readonly region: string;
  readonly dimensions: readonly MetricDimension[];
  readonly metrics: readonly KinesisMetric[];
}

const metricsOf: Readonly<Record<string, readonly KinesisMetric[]>> = {
  ShardId: shardMetrics,
  ConsumerName: consumerMetrics,
};

/** Its metrics are those that it could have. */
export function parseMetricSource(source: MetricSource): SourceParts {
  const [account = "", region = "", stream = "", Name, Value = ""] = source.split("/");
  const named = { Name: "StreamName", Value: stream };
  if (Name === undefined) return { account, region, dimensions: [named], metrics: streamMetrics };
  return { account, region, dimensions: [{ Name, Value }, named], metrics: metricsOf[Name] ?? [] };
}

/** The source with exactly these dimensions; undefined when Kinesis has none such. */
export function sourceWith(
  { account, region }: Pick<StreamAddress, "account" | "region">,
  dimensions: readonly MetricDimension[],
): MetricSource | undefined {
  const values = new Map(dimensions.map(({ Name, Value }) => [Name, Value]));
  const name = values.get("StreamName");
  if (name === undefined || values.size !== dimensions.length || values.size > 2) return undefined;
  if (dimensions.some(({ Value }) => Value.includes("/"))) return undefined;
  const stream = { account, region, name };
  if (values.size === 1) return streamSource(stream);
  const [shardId, consumerName] = [values.get("ShardId"), values.get("ConsumerName")];
  if (shardId !== undefined) return shardSource(stream, shardId);
  return consumerName === undefined ? undefined : consumerSource(stream, consumerName);
}
