import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { ServiceError } from "../../model/service-error.ts";
import type { EventOutput } from "../../records/operation-io.ts";
import type { PushEvent } from "../../records/push-event.ts";
import type { Codec } from "../codec/codec.ts";
import { encodeHeaders, encodeMessage, frameMessage, marginsFor } from "./event-stream-message.ts";

/** The content type of the response; its payloads have the codec's. */
export const eventStreamContentType = "application/vnd.amazon.eventstream";

/** The first message of a subscription. SDKs wait for it before they return the stream. */
export function initialResponse(codec: Codec): Uint8Array {
  return encodeMessage(eventHeaders(codec, "initial-response"), codec.emptyStructure);
}

/** One event, in memory of its own. */
export function subscribeEvent(codec: Codec, event: PushEvent): BufferLease {
  const headers = headersOfEvent(codec);
  const lease = codec.encodeEvent(outputOf(event), marginsFor(headers));
  frameMessage(lease.bytes, headers);
  return lease;
}

/** The error that ends a subscription once its response has begun: an event has no HTTP status. */
export function subscribeException(codec: Codec, error: Pick<ServiceError, "type" | "message">): Uint8Array {
  // Alone in the API, the stream of events knows this error by the name of its shape.
  const type = error.type === "InternalFailure" ? "InternalFailureException" : error.type;
  const headers = encodeHeaders([
    [":exception-type", type],
    [":content-type", codec.contentType],
    [":message-type", "exception"],
  ]);
  return encodeMessage(headers, codec.encodeException(error.message));
}

function outputOf({ records, continuationSequenceNumber, millisBehindLatest, childShards }: PushEvent): EventOutput {
  return {
    ...(childShards === undefined ? {} : { ChildShards: childShards }),
    ...(continuationSequenceNumber === undefined ? {} : { ContinuationSequenceNumber: continuationSequenceNumber }),
    MillisBehindLatest: millisBehindLatest,
    Records: records,
  };
}

const headersByCodec = new Map<Codec, Buffer>();

function headersOfEvent(codec: Codec): Buffer {
  const known = headersByCodec.get(codec);
  if (known !== undefined) return known;
  const headers = eventHeaders(codec, "SubscribeToShardEvent");
  headersByCodec.set(codec, headers);
  return headers;
}

function eventHeaders(codec: Codec, eventType: string): Buffer {
  return encodeHeaders([
    [":event-type", eventType],
    [":content-type", codec.contentType],
    [":message-type", "event"],
  ]);
}
