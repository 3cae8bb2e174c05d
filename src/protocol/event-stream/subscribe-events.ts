import type { ServiceError } from "../../model/service-error.ts";
import type { PushEvent } from "../../records/push-event.ts";
import type { Codec } from "../codec/codec.ts";
import type { EventResponse } from "../records/record-responses.ts";
import { encodeHeaders, encodeMessage, marginsFor, sealMessage } from "./event-stream-message.ts";

/** The content type of the answer; its payloads have the codec's. */
export const eventStreamContentType = "application/vnd.amazon.eventstream";

/** What a subscription begins with. SDKs wait for it before they hand out the stream. */
export function initialResponse(codec: Codec): Uint8Array {
  return encodeMessage(eventHeaders(codec, "initial-response"), codec.emptyStructure);
}

/** One event, in a buffer of its own that all subscribers with the same codec may share. */
export function subscribeEvent(codec: Codec, event: PushEvent): Uint8Array {
  const headers = headersOfEvent(codec);
  return sealMessage(codec.encodeEvent(answerOf(event), marginsFor(headers)), headers);
}

/** The error that ends a subscription once its answer has begun: an event has no HTTP status to say it with. */
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

function answerOf({ records, continuationSequenceNumber, millisBehindLatest, childShards }: PushEvent): EventResponse {
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
