import type { ServiceError } from "../../model/service-error.ts";
import type { Codec } from "../../protocol/codec/codec.ts";
import { initialResponse, subscribeEvent, subscribeException } from "../../protocol/event-stream/subscribe-events.ts";
import { leaveToCollector } from "../../protocol/records/response-memory.ts";
import type { PushEvent } from "../../records/push-event.ts";

/** Per event and format, so that what several subscribers get at the same place is encoded once. */
const encoded = new WeakMap<PushEvent, Map<Codec, Uint8Array>>();

/**
 * The body of a SubscribeToShard: `initial-response` at once, then the events as they come. An error ends it as one
 * exception message; `worded` says what of it the client may know.
 */
export async function* eventStreamBody(
  codec: Codec,
  events: AsyncIterable<PushEvent>,
  worded: (error: unknown) => ServiceError,
): AsyncGenerator<Uint8Array, void> {
  yield initialResponse(codec);
  try {
    for await (const event of events) yield encodeOnce(codec, event);
  } catch (error) {
    yield subscribeException(codec, worded(error));
  }
}

/** Bytes for one subscriber alone are in memory that is given back when they are sent. */
function encodeOnce(codec: Codec, event: PushEvent): Uint8Array {
  if (event.isShared !== true) return subscribeEvent(codec, event);
  const byCodec = encoded.get(event) ?? new Map<Codec, Uint8Array>();
  encoded.set(event, byCodec);
  const known = byCodec.get(codec);
  if (known !== undefined) return known;
  const bytes = subscribeEvent(codec, event);
  // Nobody knows who sends them last.
  leaveToCollector(bytes);
  byCodec.set(codec, bytes);
  return bytes;
}
