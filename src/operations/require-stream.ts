import { type StreamPlace, streamNotActive, streamNotFound } from "../model/stream-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamStatus } from "../streams/stream.ts";
import { resolveStreamRef, type StreamRefMembers } from "../streams/stream-ref.ts";
import { canReference } from "./can-reference.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * What StreamName, StreamARN or both name, and the stream of that name if there is one, in any state. An ARN of another
 * account or region never falls back to a stream of the same name here.
 *
 * Errors: InvalidArgumentException when neither is given or the two disagree.
 */
export function findStream(
  input: StreamRefMembers,
  { caller, registry }: OperationContext,
): { readonly place: StreamPlace; readonly live?: StreamRevision } {
  const place = resolveStreamRef(input, caller);
  const live = canReference(place, caller) ? registry.find(place.account, place.region, place.name) : undefined;
  return live === undefined ? { place } : { place, live };
}

/** As `findStream`; ResourceNotFoundException when there is no such stream. */
export function requireStream(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const { place, live } = findStream(input, context);
  if (live === undefined) throw streamNotFound(place);
  return live;
}

/** As `requireStream`, in one of the states given; ResourceInUseException in another. */
export function requireStreamIn(
  states: readonly StreamStatus[],
  input: StreamRefMembers,
  context: OperationContext,
): StreamRevision {
  const live = requireStream(input, context);
  const { status } = live.stream;
  if (!states.includes(status)) throw streamNotActive(live.stream, status);
  return live;
}

/** A stream that takes records. One that is not there yet, or is on its way out, is not found (observed; compatibility.md). */
export function requireWritable(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const live = requireStream(input, context);
  const { status } = live.stream;
  if (status === "CREATING" || status === "DELETING") throw streamNotFound(live.stream);
  return live;
}

/**
 * A stream to list shards or consumers of: ACTIVE or UPDATING. StreamCreationTimestamp tells it, to the second, from an
 * earlier stream of its name.
 */
export function requireStreamCreatedAt(
  input: StreamRefMembers & { readonly StreamCreationTimestamp?: number | undefined },
  context: OperationContext,
): StreamRevision {
  const live = requireStreamIn(["ACTIVE", "UPDATING"], input, context);
  const wantedMs = input.StreamCreationTimestamp;
  const isOther = wantedMs !== undefined && Math.floor(wantedMs / 1000) !== Math.floor(live.stream.createdMs / 1000);
  if (isOther) throw streamNotFound(live.stream);
  return live;
}
