import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { defineOperation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";
import { streamDescriptionOutput } from "./stream-output.ts";
import { warmThroughputOutput } from "./warm-throughput.ts";

export const describeStreamSummary = defineOperation({
  name: "DescribeStreamSummary",
  plane: "control",
  async handle(input, context) {
    const { stream } = requireStream(input, context);
    return {
      StreamDescriptionSummary: {
        ...streamDescriptionOutput(stream),
        OpenShardCount: stream.status === "CREATING" ? 0 : openShardCount(stream),
        ConsumerCount: stream.consumers?.length ?? 0,
        MaxRecordSizeInKiB: stream.recordKiBMax,
        ChannelCount: stream.channels?.length ?? 0,
        QueueCount: stream.queues?.length ?? 0,
        ...(stream.mode === "ON_DEMAND"
          ? { RecordDistributionStrategy: stream.recordDistribution ?? "USER_PARTITION_KEY" }
          : {}),
        ...(stream.warmThroughputMiBps === undefined ? {} : { WarmThroughput: warmThroughputOutput(stream) }),
      },
    };
  },
});
