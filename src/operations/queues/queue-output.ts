import type { QueueDescription, QueueSummary } from "../../model/shapes.generated.ts";
import { queueArn, streamArn } from "../../streams/arn.ts";
import type { Stream, StreamQueue } from "../../streams/stream.ts";

/** What a description and a summary of a queue share. */
function queueOutput(stream: Stream, queue: StreamQueue) {
  return {
    QueueName: queue.name,
    QueueARN: queueArn({ account: stream.account, region: stream.region, queueId: queue.id }),
    QueueStatus: queue.status,
    QueueCreationTimestamp: queue.createdMs,
  };
}

/** Attributes are always whole. Until a queue was ACTIVE its start is the one that was asked for, then the one in effect. */
export function queueDescriptionOutput(stream: Stream, queue: StreamQueue): QueueDescription {
  const { start, startMs = start.timeMs, visibilitySeconds, receiveCountMax } = queue;
  return {
    ...queueOutput(stream, queue),
    StreamConfigurationList: [
      {
        StreamARN: streamArn(stream),
        StartingPosition: { Type: start.type, ...(startMs === undefined ? {} : { Timestamp: startMs }) },
      },
    ],
    QueueAttributes: {
      VisibilityTimeoutSeconds: visibilitySeconds,
      DeadLetterConfiguration:
        receiveCountMax === undefined
          ? { TargetType: "NONE" }
          : { TargetType: "BUILT_IN", MaxReceiveCount: receiveCountMax },
    },
  };
}

export function queueSummaryOutput(stream: Stream, queue: StreamQueue): QueueSummary {
  const streams = [{ StreamARN: streamArn(stream), StreamCreationTimestamp: stream.createdMs }];
  return { ...queueOutput(stream, queue), Streams: streams };
}
