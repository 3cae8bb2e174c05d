import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

// All texts below are ours: only the types of these errors are documented.

/** CreateChannel on a server that was started without `--channels`. */
export function channelsNotConfigured(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "This server was started without --channels, the file that says where buckets and tables are: CreateChannel is refused. Nothing was made.",
  );
}

/** CreateChannel with a destination that the server's file does not name. */
export function destinationNotConfigured(arn: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `The file of --channels of this server does not say where ${arn} is: CreateChannel is refused. Nothing was made.`,
  );
}

/** CreateChannel with records that name a schema each: there is no registry to ask. */
export function registryNotSupported(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "This version of the server delivers JSON into tables, not records of RecordFormatType GSR_JSON: CreateChannel is refused. Nothing was made.",
  );
}

/** `channelArn`: as in the request. */
export function channelNotFound(channelArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Channel ${channelArn} not found.`);
}

export function channelExists(channelName: string, account: string): ServiceError {
  return new ServiceError("ResourceInUseException", `Channel ${channelName} under account ${account} already exists.`);
}

export function channelNotActive(channelArn: string, status: string): ServiceError {
  return new ServiceError("ResourceInUseException", `Channel ${channelArn} not ACTIVE, instead in state ${status}`);
}

export function channelNeedsOnDemand({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Request is invalid. Stream ${name} under account ${account} is in Provisioned mode; a channel needs a stream in On-Demand mode.`,
  );
}

/** Developer Guide, data delivery: a role cannot use the key that Amazon manages. */
export function channelNeedsOwnKey({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Request is invalid. Stream ${name} under account ${account} is encrypted under alias/aws/kinesis; a channel needs a stream without encryption or under a key of the account's own.`,
  );
}

export function oneStreamPerChannel(count: number): ServiceError {
  return new ServiceError(
    "ValidationException",
    `StreamConfigurationList must have exactly one entry; it has ${count}.`,
  );
}

export function oneDestinationPerChannel(): ServiceError {
  return new ServiceError(
    "ValidationException",
    "Exactly one of S3DestinationConfiguration and S3TablesDestinationConfiguration must be given.",
  );
}

/** `format`: the RecordFormatType of the request. */
export function formatNotForBucket(format: string): ServiceError {
  return new ServiceError(
    "ValidationException",
    `RecordFormatType ${format} is for tables; S3DestinationConfiguration takes JSON, STRING and BYTE_ARRAY.`,
  );
}

export function schemaNotForBucket(): ServiceError {
  return new ServiceError("ValidationException", "GSRSchemaARN is for tables; S3DestinationConfiguration takes none.");
}

/** `format`: the RecordFormatType of the request. */
export function formatNotForTable(format: string): ServiceError {
  return new ServiceError(
    "ValidationException",
    `RecordFormatType ${format} is for buckets; S3TablesDestinationConfiguration takes JSON and GSR_JSON.`,
  );
}

export function tableNeedsSchema(): ServiceError {
  return new ServiceError(
    "ValidationException",
    "S3TablesDestinationConfiguration with RecordFormatType JSON needs GSRSchemaARN, the schema of the records.",
  );
}

export function oneTablePerChannel(count: number): ServiceError {
  return new ServiceError(
    "ValidationException",
    `S3TablesConfigurationList must have exactly one entry; it has ${count}.`,
  );
}

export function partitionColumnTwice(columnName: string): ServiceError {
  return new ServiceError("ValidationException", `PartitionFields has the column ${columnName} twice.`);
}

export function freshnessOutOfRange(
  seconds: number,
  range: { readonly min: number; readonly max: number },
): ServiceError {
  return new ServiceError(
    "ValidationException",
    `DataFreshnessInSeconds must be from ${range.min} to ${range.max}; it is ${seconds}.`,
  );
}

/** `fault`: the end of the sentence. */
export function keyTemplateInvalid(fault: string): ServiceError {
  return new ServiceError("ValidationException", `OutputKeyTemplate ${fault}.`);
}

export function deadLetterKeysInvalid(segment: string): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Keys of dead letters would have the segment "${segment}", which stores refuse; change ErrorOutputPrefix or ChannelName.`,
  );
}

/** UpdateChannel with the configuration of the other kind of destination. */
export function destinationOfOtherKind(memberName: string): ServiceError {
  return new ServiceError("ValidationException", `${memberName} is not the destination of this channel.`);
}

export function streamHasChannels({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `DeleteStream can't delete ${account}:${name} because there are channels associated with this data stream. Delete its channels first.`,
  );
}

/** UpdateStreamMode to PROVISIONED. */
export function streamModeHasChannels({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Request is invalid. Stream ${name} under account ${account} has channels, which need On-Demand mode. Delete its channels first.`,
  );
}

/** One channel into a bucket and one into a table: Developer Guide, delivery quotas. `kind`: "a bucket" or "a table". */
export function tooManyChannels({ name, account }: StreamPlace, kind: string, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit of channels into ${kind} for stream ${name} under account ${account}. Limit: ${limit}.`,
  );
}
