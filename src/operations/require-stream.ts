import { type StreamPlace, streamNotActive, streamNotFound } from "../model/stream-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamStatus } from "../streams/stream.ts";
import { resolveStreamRef, type StreamRefMembers } from "../streams/stream-ref.ts";
import { isVisibleToCaller } from "./is-visible-to-caller.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The name in StreamName, StreamARN or both, and its stream in any state, if it exists. An ARN of another account or region
 * never falls back to the caller's stream of the same name.
 *
 * Errors: InvalidArgumentException when neither is given or the two disagree.
 */
export function findStream(
  input: StreamRefMembers,
  { caller, registry }: OperationContext,
): { readonly place: StreamPlace; readonly revision?: StreamRevision } {
  const place = resolveStreamRef(input, caller);
  const revision = isVisibleToCaller(place, caller)
    ? registry.find(place.account, place.region, place.name)
    : undefined;
  return revision === undefined ? { place } : { place, revision };
}

/** As `findStream`. Errors also: ResourceNotFoundException. */
export function requireStream(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const { place, revision } = findStream(input, context);
  if (revision === undefined) throw streamNotFound(place);
  return revision;
}

/** As `requireStream`. Errors also: ResourceInUseException in a state that is not listed. */
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

/** As `requireStream`, for writing. A CREATING or DELETING stream is not found (observed; docs/compatibility.md). */
export function requireWritableStream(input: StreamRefMembers, context: OperationContext): StreamRevision {
  const revision = requireStream(input, context);
  const { status } = revision.stream;
  if (status === "CREATING" || status === "DELETING") throw streamNotFound(revision.stream);
  return revision;
}

/**
 * As `requireStreamInState`, for lists of shards and consumers: ACTIVE or UPDATING. With StreamCreationTimestamp, compared
 * to the second, an earlier stream of the same name is not found.
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
