import type { StreamDescriptionSummary, StreamSummary } from "../../model/shapes.generated.ts";
import { streamArn } from "../../streams/arn.ts";
import type { Stream } from "../../streams/stream.ts";

/** What ListStreams says of a stream. */
export function streamSummaryShape(stream: Stream): StreamSummary {
  return {
    StreamName: stream.name,
    StreamARN: streamArn(stream),
    StreamStatus: stream.status,
    StreamModeDetails: { StreamMode: stream.mode },
    StreamCreationTimestamp: stream.createdMs,
  };
}

type Description = StreamSummary &
  Pick<StreamDescriptionSummary, "RetentionPeriodHours" | "EnhancedMonitoring" | "EncryptionType" | "KeyId"> & {
    readonly StreamCreationTimestamp: number;
  };

/** What DescribeStream and DescribeStreamSummary say alike. */
export function streamDescriptionShape(stream: Stream): Description {
  return {
    ...streamSummaryShape(stream),
    StreamCreationTimestamp: stream.createdMs,
    RetentionPeriodHours: stream.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: stream.shardLevelMetrics ?? [] }],
    ...(stream.encryption === undefined
      ? { EncryptionType: "NONE" }
      : { EncryptionType: "KMS", KeyId: stream.encryption.keyId }),
  };
}
