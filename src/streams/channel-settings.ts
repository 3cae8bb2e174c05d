import {
  formatNotForBucket,
  freshnessOutOfRange,
  keyTemplateInvalid,
  oneDestinationPerChannel,
  oneStreamPerChannel,
  schemaNotForBucket,
  tablesNotSupported,
} from "../model/channel-errors.ts";
import type { ChannelLoggingConfiguration, CreateChannelInput } from "../model/shapes.generated.ts";
import { keyTemplateDefault, keyTemplateFault } from "./channel-key-template.ts";
import type { StreamChannel } from "./stream.ts";

/** Model, DataFreshnessInSeconds. */
const freshnessSecondsDefault = 300;
/** Developer Guide: 300 to 900. Less is possible here unless the server's limits say otherwise. */
export const freshnessSecondsMax = 900;

const logStreamDefault = "DestinationDelivery";

/** What CreateChannel says about a new channel. */
export type ChannelSettings = Omit<
  StreamChannel,
  "id" | "name" | "status" | "createdMs" | "dueMs" | "tags" | "logging"
>;

/** Checks a request without the stream that it names. Errors: ValidationException, InvalidArgumentException. */
export function parseChannelSettings(
  input: CreateChannelInput,
  freshnessSecondsMin: number,
): { readonly streamArn: string; readonly settings: ChannelSettings } {
  const { StreamConfigurationList: streams, S3DestinationConfiguration: bucket } = input;
  const [only] = streams;
  if (only === undefined || streams.length > 1) throw oneStreamPerChannel(streams.length);
  const isTable = input.S3TablesDestinationConfiguration !== undefined;
  if ((bucket === undefined) !== isTable) throw oneDestinationPerChannel();
  if (bucket === undefined) throw tablesNotSupported();
  const { RecordFormatType: format, GSRSchemaARN } = only.RecordConfiguration;
  if (format === "GSR_JSON") throw formatNotForBucket(format);
  if (GSRSchemaARN !== undefined) throw schemaNotForBucket();
  const { StorageConfiguration: storage, DeadLetterQueueS3Configuration: deadLetters } = bucket;
  const keyTemplate = storage.OutputKeyTemplate ?? keyTemplateDefault;
  const fault = keyTemplateFault(keyTemplate);
  if (fault !== undefined) throw keyTemplateInvalid(fault);
  const settings: ChannelSettings = {
    roleArn: input.ServiceExecutionRoleARN,
    format,
    freshnessSeconds: checkFreshness(bucket.DataFreshnessInSeconds ?? freshnessSecondsDefault, freshnessSecondsMin),
    destination: {
      kind: "bucket",
      bucketArn: storage.BucketARN,
      owner: storage.ExpectedBucketOwner,
      keyTemplate,
      storageClass: storage.StorageClass ?? "STANDARD",
      compression: storage.CompressionType,
    },
    deadLetters: {
      bucketArn: deadLetters?.BucketARN ?? storage.BucketARN,
      owner: deadLetters?.ExpectedBucketOwner ?? storage.ExpectedBucketOwner,
      ...(deadLetters?.ErrorOutputPrefix === undefined ? {} : { prefix: deadLetters.ErrorOutputPrefix }),
    },
    ...(input.EncryptionConfiguration === undefined
      ? {}
      : { encryption: { keyId: input.EncryptionConfiguration.KeyId } }),
  };
  return { streamArn: only.StreamARN, settings };
}

/** Errors: ValidationException. */
export function checkFreshness(seconds: number, min: number): number {
  if (seconds < min || seconds > freshnessSecondsMax) {
    throw freshnessOutOfRange(seconds, { min, max: freshnessSecondsMax });
  }
  return seconds;
}

/** The logging of a channel, whole; Developer Guide: `/aws/kinesis/{channelName}/{channelId}`. It is kept and shown, no more. */
export function channelLogging(
  configuration: ChannelLoggingConfiguration | undefined,
  { name, id }: Pick<StreamChannel, "name" | "id">,
): StreamChannel["logging"] {
  const { Enabled = false, LogGroupName, LogStreamName } = configuration?.CloudWatchLogs ?? {};
  return {
    isEnabled: Enabled,
    group: LogGroupName ?? `/aws/kinesis/${name}/${id}`,
    stream: LogStreamName ?? logStreamDefault,
  };
}
