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
): { readonly place: StreamPlace; readonly revision?: StreamRevision } {
  const place = resolveStreamRef(input, caller);
  const revision = canReference(place, caller) ? registry.find(place.account, place.region, place.name) : undefined;
  return revision === undefined ? { place } : { place, revision };
}

/** As `findStream`; ResourceNotFoundException when there is no such stream. */
export function requireStream(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const { place, revision } = findStream(input, context);
  if (revision === undefined) throw streamNotFound(place);
  return revision;
}

/** As `requireStream`, in one of the states given; ResourceInUseException in another. */
export function requireStreamInState(
  states: readonly StreamStatus[],
  input: StreamRefMembers,
  context: OperationContext,
): StreamRevision {
  const revision = requireStream(input, context);
  const { status } = revision.stream;
  if (!states.includes(status)) throw streamNotActive(revision.stream, status);
  return revision;
}

/** A stream that takes records. One that is not there yet, or is on its way out, is not found (observed; compatibility.md). */
export function requireWritableStream(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const revision = requireStream(input, context);
  const { status } = revision.stream;
  if (status === "CREATING" || status === "DELETING") throw streamNotFound(revision.stream);
  return revision;
}

/**
 * A stream to list shards or consumers of: ACTIVE or UPDATING. StreamCreationTimestamp tells it, to the second, from an
 * earlier stream of its name.
 */
export function requireStreamCreatedAt(
  input: StreamRefMembers & { readonly StreamCreationTimestamp?: number | undefined },
  context: OperationContext,
): StreamRevision {
  const revision = requireStreamInState(["ACTIVE", "UPDATING"], input, context);
  const wantedMs = input.StreamCreationTimestamp;
  const isOther =
    wantedMs !== undefined && Math.floor(wantedMs / 1000) !== Math.floor(revision.stream.createdMs / 1000);
  if (isOther) throw streamNotFound(revision.stream);
  return revision;
}
