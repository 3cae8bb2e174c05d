import { consumerNotFound } from "../model/consumer-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { type ConsumerRefMembers, findConsumer, resolveConsumerRef } from "../streams/find-consumer.ts";
import type { StreamConsumer } from "../streams/stream.ts";
import { canReference } from "./can-reference.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The registered consumer that the members name, and its stream. Errors: InvalidArgumentException when they name none,
 * ResourceNotFoundException, also when the stream is not there.
 */
export function requireConsumer(
  input: ConsumerRefMembers,
  { registry, caller }: OperationContext,
): { readonly live: StreamRevision; readonly consumer: StreamConsumer } {
  const ref = resolveConsumerRef(input);
  const live = canReference(ref, caller) ? registry.find(ref.account, ref.region, ref.name) : undefined;
  const consumer = live === undefined ? undefined : findConsumer(live.stream, ref);
  if (live === undefined || consumer === undefined) throw consumerNotFound(ref.given, ref.account);
  return { live, consumer };
}
