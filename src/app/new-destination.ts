import { type Destination, DestinationError } from "../channels/batch/destination.ts";
import { BucketDestination } from "../channels/bucket/bucket-destination.ts";
import type { ObjectMaker } from "../channels/bucket/object-maker.ts";
import { S3Store } from "../channels/bucket/s3-store.ts";
import type { BucketAccess } from "../channels/places/bucket-access.ts";
import type { Stream, StreamChannel } from "../streams/stream.ts";

export interface DestinationParts {
  /** Where a bucket is, as the operator's file says at that time. */
  readonly find: (bucketArn: string) => BucketAccess | undefined;
  readonly maker: ObjectMaker;
}

/** The destination of a channel. */
export function newDestination(
  stream: Stream,
  { id, name, format, destination, deadLetters, encryption }: StreamChannel,
  { find, maker }: DestinationParts,
): Destination {
  if (destination.kind === "table" || format === "GSR_JSON") {
    throw new DestinationError("refused", "This version of the server delivers to buckets, not to tables yet.");
  }
  const storeOf = ({ bucketArn, owner }: { readonly bucketArn: string; readonly owner: string }): S3Store =>
    new S3Store({ bucketArn, owner, keyId: encryption?.keyId }, () => {
      const access = find(bucketArn);
      if (access !== undefined) return access;
      throw new DestinationError("refused", `The file of --channels does not say where ${bucketArn} is.`);
    });
  const objects = storeOf(destination);
  const isSame = deadLetters.bucketArn === destination.bucketArn && deadLetters.owner === destination.owner;
  return new BucketDestination(
    {
      ...{ channelName: name, channelId: id, streamName: stream.name, format, place: destination },
      deadLetterPrefix: deadLetters.prefix,
    },
    { maker, objects, deadLetters: isSame ? objects : storeOf(deadLetters) },
  );
}
