import type { StreamDescriptionSummary, StreamSummary } from "../../model/shapes.generated.ts";
import { streamArn } from "../../streams/arn.ts";
import type { Stream } from "../../streams/stream.ts";

/** A stream as ListStreams returns it. */
export function streamSummaryOutput(stream: Stream): StreamSummary {
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

/** The members that DescribeStream and DescribeStreamSummary share. */
export function streamDescriptionOutput(stream: Stream): Description {
  return {
    ...streamSummaryOutput(stream),
    StreamCreationTimestamp: stream.createdMs,
    RetentionPeriodHours: stream.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: stream.shardLevelMetrics ?? [] }],
    ...(stream.encryption === undefined
      ? { EncryptionType: "NONE" }
      : { EncryptionType: "KMS", KeyId: stream.encryption.keyId }),
  };
}
