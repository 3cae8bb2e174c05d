import type { ChannelDescription } from "../api/shapes.ts";

/** Where a channel delivers to: what it is, its name, and its configuration with the member of the API that has it. */
export function destinationOf({ S3DestinationConfiguration, S3TablesDestinationConfiguration }: ChannelDescription) {
  if (S3DestinationConfiguration !== undefined) {
    const { BucketARN, OutputKeyTemplate, CompressionType } = S3DestinationConfiguration.StorageConfiguration;
    return {
      ...{ kind: "bucket", name: BucketARN.slice(BucketARN.lastIndexOf(":") + 1), compression: CompressionType },
      ...{ member: "S3DestinationConfiguration", configuration: S3DestinationConfiguration },
      places: [
        ["Bucket", BucketARN],
        ["Keys", OutputKeyTemplate],
      ],
    } as const;
  }
  const [only] = S3TablesDestinationConfiguration?.S3TablesConfigurationList ?? [];
  if (S3TablesDestinationConfiguration === undefined || only === undefined) return undefined;
  const name = `${only.Namespace}.${only.TableName}`;
  return {
    ...{ kind: "table", name, compression: only.CompressionType },
    ...{ member: "S3TablesDestinationConfiguration", configuration: S3TablesDestinationConfiguration },
    places: [
      ["Table bucket", only.TableBucketARN],
      ["Table", name],
    ],
  } as const;
}
