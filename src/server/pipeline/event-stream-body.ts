import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { ServiceError } from "../../model/service-error.ts";
import type { Codec } from "../../protocol/codec/codec.ts";
import { initialResponse, subscribeEvent, subscribeException } from "../../protocol/event-stream/subscribe-events.ts";
import type { PushEvent } from "../../records/push-event.ts";

/** Per event and format, so that what several subscribers get at the same position is encoded once. */
const encoded = new WeakMap<PushEvent, Map<Codec, Uint8Array>>();

/**
 * The body of a SubscribeToShard: `initial-response` at once, then the events as they come. An error ends it as one
 * exception message, with what `toServiceError` lets the client know of it.
 */
export async function* eventStreamBody(
  codec: Codec,
  events: AsyncIterable<PushEvent>,
  toServiceError: (error: unknown) => ServiceError,
): AsyncGenerator<Uint8Array | BufferLease, void> {
  yield initialResponse(codec);
  try {
    for await (const event of events) yield event.isShared ? encodeOnce(codec, event) : subscribeEvent(codec, event);
  } catch (error) {
    yield subscribeException(codec, toServiceError(error));
  }
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
