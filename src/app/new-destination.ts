import type { ContentMaker } from "../channels/batch/content-maker.ts";
import { type Destination, DestinationError } from "../channels/batch/destination.ts";
import { BucketDestination } from "../channels/bucket/bucket-destination.ts";
import { S3Store } from "../channels/bucket/s3-store.ts";
import type { ContentForm } from "../channels/new-content-builder.ts";
import type { BucketAccess } from "../channels/places/bucket-access.ts";
import type { TableAccess } from "../channels/places/table-access.ts";
import { IcebergCatalog } from "../channels/table/iceberg-catalog.ts";
import { readJsonSchema } from "../channels/table/read-json-schema.ts";
import { TableDestination } from "../channels/table/table-destination.ts";
import type { Stream, StreamChannel, TablePlace } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";

/** What the operator's file says at that time. */
interface ChannelPlaces {
  find(bucketArn: string): BucketAccess | undefined;
  findTable(tableBucketArn: string): TableAccess | undefined;
  /** The folder with the schemas of records. */
  readonly schemas: string | undefined;
}

export interface DestinationParts {
  readonly places: ChannelPlaces;
  readonly maker: ContentMaker<ContentForm>;
  readonly clock: Clock;
}

/** The destination of a channel. */
export function newDestination(
  stream: Stream,
  channel: StreamChannel,
  { places, maker, clock }: DestinationParts,
): Destination {
  const { id, name, format, destination, deadLetters, encryption } = channel;
  const storeOf = ({ bucketArn, owner }: { readonly bucketArn: string; readonly owner: string }): S3Store =>
    new S3Store({ bucketArn, owner, keyId: encryption?.keyId }, () => known(places.find(bucketArn), bucketArn));
  const texts = { channelName: name, channelId: id, streamName: stream.name, deadLetterPrefix: deadLetters.prefix };
  if (destination.kind === "table") {
    return newTableDestination(texts, destination, channel.schemaArn, {
      places,
      maker,
      clock,
      deadLetters: storeOf(deadLetters),
    });
  }
  // Requests with another format were refused.
  if (format === "GSR_JSON") throw new DestinationError("GSR_JSON is a format for tables.");
  const objects = storeOf(destination);
  const isSame = deadLetters.bucketArn === destination.bucketArn && deadLetters.owner === destination.owner;
  return new BucketDestination(
    { ...texts, format, place: destination },
    { maker, objects, deadLetters: isSame ? objects : storeOf(deadLetters) },
  );
}

interface TableSurroundings extends DestinationParts {
  readonly deadLetters: S3Store;
}

function newTableDestination(
  texts: Omit<ConstructorParameters<typeof TableDestination>[0], "place">,
  place: TablePlace,
  schemaArn: string | undefined,
  { places, maker, clock, deadLetters }: TableSurroundings,
): TableDestination {
  const { bucketArn } = place;
  const access = (): TableAccess => known(places.findTable(bucketArn), bucketArn);
  const stores = new Map<string, S3Store>();
  const filesOf = (bucket: string): S3Store => {
    const store = stores.get(bucket) ?? new S3Store({ bucketArn: `arn:aws:s3:::${bucket}` }, access);
    stores.set(bucket, store);
    return store;
  };
  return new TableDestination(
    { ...texts, place },
    {
      maker,
      catalog: new IcebergCatalog(place, access),
      filesOf,
      closeFiles: () => {
        for (const store of stores.values()) store.close();
      },
      nowMs: () => clock.nowMs(),
      deadLetters,
      readJsonSchema: () => readJsonSchema(places.schemas, schemaArn ?? ""),
    },
  );
}

function known<T>(access: T | undefined, arn: string): T {
  if (access !== undefined) return access;
  throw new DestinationError(`The file of --channels does not say where ${arn} is.`);
}
