import type { LiveStream } from "../directory/live-stream.ts";
import { consumerNotFound } from "../model/consumer-errors.ts";
import { type ConsumerRefMembers, findConsumer, resolveConsumerRef } from "../streams/find-consumer.ts";
import type { StreamConsumer } from "../streams/stream.ts";
import { mayName } from "./may-name.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The registered consumer that the members name, and its stream. Errors: InvalidArgumentException when they name none,
 * ResourceNotFoundException, also when the stream is not there.
 */
export function requireConsumer(
  input: ConsumerRefMembers,
  { directory, caller }: OperationContext,
): { readonly live: LiveStream; readonly consumer: StreamConsumer } {
  const ref = resolveConsumerRef(input);
  const live = mayName(ref, caller) ? directory.find(ref.account, ref.region, ref.name) : undefined;
  const consumer = live === undefined ? undefined : findConsumer(live.stream, ref);
  if (live === undefined || consumer === undefined) throw consumerNotFound(ref.given, ref.account);
  return { live, consumer };
}
