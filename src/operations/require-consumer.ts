import { consumerNotFound } from "../model/consumer-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { type ConsumerRefMembers, findConsumer, resolveConsumerRef } from "../streams/consumer-ref.ts";
import type { StreamConsumer } from "../streams/stream.ts";
import { isVisibleToCaller } from "./is-visible-to-caller.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The consumer that the members name, and its stream. Errors: InvalidArgumentException when they name none,
 * ResourceNotFoundException when the consumer or its stream does not exist.
 */
export function requireConsumer(
  input: ConsumerRefMembers,
  { registry, caller }: OperationContext,
): { readonly revision: StreamRevision; readonly consumer: StreamConsumer } {
  const ref = resolveConsumerRef(input);
  const revision = isVisibleToCaller(ref, caller) ? registry.find(ref.account, ref.region, ref.name) : undefined;
  const consumer = revision === undefined ? undefined : findConsumer(revision.stream, ref);
  if (revision === undefined || consumer === undefined) throw consumerNotFound(ref.given, ref.account);
  return { revision, consumer };
}
