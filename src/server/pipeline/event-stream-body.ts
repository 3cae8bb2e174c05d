import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { ServiceError } from "../../model/service-error.ts";
import type { Codec } from "../../protocol/codec/codec.ts";
import { initialResponse, subscribeEvent, subscribeException } from "../../protocol/event-stream/subscribe-events.ts";
import type { PushEvent } from "../../records/push-event.ts";
import type { WireRequest } from "../http/http-message.ts";
import { largeResponseBytesMin } from "../http/server-limits.ts";

/** Per event and format, so that what several subscribers get at the same position is encoded once. */
const encoded = new WeakMap<PushEvent, Map<Codec, Uint8Array>>();

/** When an event may be made. */
type Subscriber = Pick<WireRequest, "takeTurn" | "countMade">;

/**
 * The body of a SubscribeToShard: `initial-response` at once, then the events as they come. An error ends it as one
 * exception message, with what `toServiceError` lets the client know of it.
 */
export async function* eventStreamBody(
  codec: Codec,
  events: AsyncIterable<PushEvent>,
  subscriber: Subscriber,
  toServiceError: (error: unknown) => ServiceError,
): AsyncGenerator<Uint8Array | BufferLease, void> {
  yield initialResponse(codec);
  try {
    for await (const event of events) {
      if (event.isShared) yield encodeOnce(codec, event);
      else
        yield event.records.dataBytes < largeResponseBytesMin
          ? subscribeEvent(codec, event)
          : await encodeInTurn(codec, event, subscriber);
    }
  } catch (error) {
    yield subscribeException(codec, toServiceError(error));
  }
}

/** Events of many subscribers are made in turns with what else is large. */
async function encodeInTurn(codec: Codec, event: PushEvent, subscriber: Subscriber): Promise<BufferLease> {
  await subscriber.takeTurn?.();
  const encodedEvent = subscribeEvent(codec, event);
  subscriber.countMade?.(encodedEvent.bytes.length);
  return encodedEvent;
}

/** Several subscribers send these bytes, so that none of them can tell when they are sent: the garbage collector frees them. */
function encodeOnce(codec: Codec, event: PushEvent): Uint8Array {
  const byCodec = encoded.get(event) ?? new Map<Codec, Uint8Array>();
  encoded.set(event, byCodec);
  const known = byCodec.get(codec);
  if (known !== undefined) return known;
  const { bytes } = subscribeEvent(codec, event);
  byCodec.set(codec, bytes);
  return bytes;
}
