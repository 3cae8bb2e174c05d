import { call, ok, refusalOf } from "./call.ts";
import type { ChannelDescription } from "./outputs.ts";
import { createStream, deleteStream, poll, uniqueName, untilActive } from "./stream-fixture.ts";
import { targetBucket } from "./target.ts";

export interface ActiveChannel {
  readonly channel: ChannelDescription;
  /** What it was created with. */
  readonly input: { readonly ChannelName: string; readonly [member: string]: unknown };
  readonly StreamName: string;
  readonly StreamARN: string;
}

/**
 * An ACTIVE channel on an on-demand stream of its own, both of which are deleted at the end. `test` is not called where there
 * is no bucket for it.
 */
export async function withChannel(
  test: (made: ActiveChannel) => Promise<void>,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const bucket = targetBucket();
  if (bucket === undefined) return;
  const StreamName = await createStream({ shards: "on-demand" });
  try {
    const { StreamARN } = await untilActive(StreamName);
    const input = {
      ChannelName: uniqueName("channel"),
      ServiceExecutionRoleARN: bucket.roleArn,
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
      S3DestinationConfiguration: {
        DataFreshnessInSeconds: 300,
        StorageConfiguration: {
          BucketARN: `arn:aws:s3:::${bucket.name}`,
          ExpectedBucketOwner: bucket.owner,
          CompressionType: "GZIP",
        },
      },
      ...extra,
    };
    const { ChannelDescription } = await ok("CreateChannel", input);
    await test({ channel: await untilChannelActive(ChannelDescription.ChannelARN), input, StreamName, StreamARN });
  } finally {
    await deleteChannels(StreamName);
    await deleteStream(StreamName);
  }
}

export async function untilChannelActive(ChannelARN: string): Promise<ChannelDescription> {
  const { ChannelDescription } = await poll(
    () => ok("DescribeChannel", { ChannelARN }),
    ({ ChannelDescription: { ChannelStatus } }) => ChannelStatus === "ACTIVE",
    `${ChannelARN} is ACTIVE`,
  );
  return ChannelDescription;
}

export async function untilChannelGone(ChannelARN: string): Promise<void> {
  await poll(
    () => call("DescribeChannel", { ChannelARN }),
    (answer) => answer.status === 400 && refusalOf(answer).type === "ResourceNotFoundException",
    `${ChannelARN} is gone`,
  );
}

async function deleteChannels(StreamName: string): Promise<void> {
  const { StreamARN } = await untilActive(StreamName);
  const { ChannelSummaries } = await ok("ListChannels", { StreamFilter: [{ StreamARN }] });
  for (const { ChannelARN } of ChannelSummaries) await call("DeleteChannel", { ChannelARN });
  for (const { ChannelARN } of ChannelSummaries) await untilChannelGone(ChannelARN);
}
