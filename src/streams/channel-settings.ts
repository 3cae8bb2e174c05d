import {
  deadLetterKeysInvalid,
  formatNotForBucket,
  formatNotForTable,
  freshnessOutOfRange,
  keyTemplateInvalid,
  oneDestinationPerChannel,
  oneStreamPerChannel,
  oneTablePerChannel,
  partitionColumnTwice,
  registryNotSupported,
  schemaNotForBucket,
  tableNeedsSchema,
} from "../model/channel-errors.ts";
import type { ChannelLoggingConfiguration, CreateChannelInput } from "../model/shapes.generated.ts";
import { deadLetterPrefixDefault, dotSegmentOf, keyTemplateDefault, keyTemplateFault } from "./channel-key-template.ts";
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
  const { S3TablesDestinationConfiguration: table } = input;
  const [only] = streams;
  if (only === undefined || streams.length > 1) throw oneStreamPerChannel(streams.length);
  if ((bucket === undefined) === (table === undefined)) throw oneDestinationPerChannel();
  const record = only.RecordConfiguration;
  const delivery = bucket === undefined ? tableDelivery(record, table) : bucketDelivery(record, bucket);
  requireNoDotSegment(delivery, { channelName: input.ChannelName, streamName: only.StreamARN.split("/").at(-1) ?? "" });
  const freshnessSeconds = (bucket ?? table)?.DataFreshnessInSeconds ?? freshnessSecondsDefault;
  const settings: ChannelSettings = {
    roleArn: input.ServiceExecutionRoleARN,
    format: record.RecordFormatType,
    freshnessSeconds: checkFreshness(freshnessSeconds, freshnessSecondsMin),
    ...delivery,
    ...(input.EncryptionConfiguration === undefined
      ? {}
      : { encryption: { keyId: input.EncryptionConfiguration.KeyId } }),
  };
  return { streamArn: only.StreamARN, settings };
}

type RecordConfiguration = CreateChannelInput["StreamConfigurationList"][number]["RecordConfiguration"];
type BucketConfiguration = NonNullable<CreateChannelInput["S3DestinationConfiguration"]>;
type TableConfiguration = NonNullable<CreateChannelInput["S3TablesDestinationConfiguration"]>;
type Delivery = Pick<ChannelSettings, "destination" | "deadLetters" | "schemaArn">;

function bucketDelivery(
  { RecordFormatType: format, GSRSchemaARN }: RecordConfiguration,
  { StorageConfiguration: storage, DeadLetterQueueS3Configuration: deadLetters }: BucketConfiguration,
): Delivery {
  if (format === "GSR_JSON") throw formatNotForBucket(format);
  if (GSRSchemaARN !== undefined) throw schemaNotForBucket();
  const keyTemplate = storage.OutputKeyTemplate ?? keyTemplateDefault;
  const fault = keyTemplateFault(keyTemplate);
  if (fault !== undefined) throw keyTemplateInvalid(fault);
  return {
    destination: {
      kind: "bucket",
      bucketArn: storage.BucketARN,
      owner: storage.ExpectedBucketOwner,
      keyTemplate,
      storageClass: storage.StorageClass ?? "STANDARD",
      compression: storage.CompressionType,
    },
    deadLetters: deadLetterPlace(deadLetters ?? storage),
  };
}

function tableDelivery(
  { RecordFormatType: format, GSRSchemaARN: schemaArn }: RecordConfiguration,
  table: TableConfiguration | undefined,
): Delivery {
  if (table === undefined) throw oneDestinationPerChannel();
  const { S3TablesConfigurationList: tables, DeadLetterQueueS3Configuration: deadLetters } = table;
  const [only] = tables;
  if (only === undefined || tables.length > 1) throw oneTablePerChannel(tables.length);
  if (format === "GSR_JSON") throw registryNotSupported();
  if (format !== "JSON") throw formatNotForTable(format);
  if (schemaArn === undefined) throw tableNeedsSchema();
  const partitionColumns = (only.PartitionSpec?.PartitionFields ?? []).map(({ SourceName }) => SourceName);
  const twice = partitionColumns.find((column, i) => partitionColumns.indexOf(column) !== i);
  if (twice !== undefined) throw partitionColumnTwice(twice);
  return {
    schemaArn,
    destination: {
      kind: "table",
      bucketArn: only.TableBucketARN,
      namespace: only.Namespace,
      table: only.TableName,
      compression: only.CompressionType,
      partitionColumns,
    },
    deadLetters: deadLetterPlace(deadLetters),
  };
}

/** The names of a channel and a stream may be dots alone. Errors: ValidationException. */
function requireNoDotSegment(
  { destination, deadLetters }: Delivery,
  names: { readonly channelName: string; readonly streamName: string },
): void {
  const ofObjects = destination.kind === "bucket" ? dotSegmentOf(destination.keyTemplate, names) : undefined;
  if (ofObjects !== undefined)
    throw keyTemplateInvalid(`makes keys with the segment "${ofObjects}", which stores refuse`);
  const prefix = deadLetters.prefix ?? deadLetterPrefixDefault;
  const ofLetters = dotSegmentOf(`${prefix}!{channel-id}`, names);
  if (ofLetters !== undefined) throw deadLetterKeysInvalid(ofLetters);
}

function deadLetterPlace(
  place: Pick<
    TableConfiguration["DeadLetterQueueS3Configuration"],
    "BucketARN" | "ExpectedBucketOwner" | "ErrorOutputPrefix"
  >,
): ChannelSettings["deadLetters"] {
  const { BucketARN, ExpectedBucketOwner, ErrorOutputPrefix } = place;
  const prefix = ErrorOutputPrefix === undefined ? {} : { prefix: ErrorOutputPrefix };
  return { bucketArn: BucketARN, owner: ExpectedBucketOwner, ...prefix };
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
