import { consumerNotFound } from "../model/consumer-errors.ts";
import { resourceKindNotFound } from "../model/policy-errors.ts";
import { streamNotActive, streamNotFound } from "../model/stream-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import {
  parseChannelArn,
  parseConsumerArn,
  parseQueueArn,
  parseStreamArn,
  type StreamAddress,
} from "../streams/arn.ts";
import { replaceChannel } from "../streams/channel-ref.ts";
import { findConsumer, replaceConsumer } from "../streams/consumer-ref.ts";
import { replaceQueue } from "../streams/queue-ref.ts";
import type { Stream, StreamChannel, StreamConsumer, StreamQueue } from "../streams/stream.ts";
import { isVisibleToCaller } from "./is-visible-to-caller.ts";
import type { OperationContext } from "./operation-context.ts";
import { requireChannel } from "./require-channel.ts";
import { requireQueue } from "./require-queue.ts";
import { updateStreamDocument } from "./update-stream-document.ts";

/** What a ResourceARN names: a stream, or a consumer, queue or channel of it. All have tags and a policy. */
export interface Resource {
  readonly revision: StreamRevision;
  readonly consumer?: StreamConsumer;
  readonly queue?: StreamQueue;
  readonly channel?: StreamChannel;
}

export interface TagsAndPolicy {
  readonly tags: Stream["tags"];
  readonly policy?: string;
}

/** Finds the resource of an ARN. Errors: ResourceNotFoundException; its text depends on the kind of ARN. */
export function requireResource(arn: string, context: OperationContext): Resource {
  const consumerRef = parseConsumerArn(arn);
  if (consumerRef !== undefined) {
    const revision = find(consumerRef, context);
    const consumer = revision === undefined ? undefined : findConsumer(revision.stream, consumerRef);
    if (revision === undefined || consumer === undefined) throw consumerNotFound(arn, consumerRef.account);
    return { revision, consumer };
  }
  if (parseQueueArn(arn) !== undefined) return requireQueue(arn, context);
  if (parseChannelArn(arn) !== undefined || arn.includes(":channel/")) return requireChannel(arn, context);
  const streamRef = parseStreamArn(arn);
  if (streamRef === undefined) throw resourceKindNotFound(arn);
  const revision = find(streamRef, context);
  if (revision === undefined) throw streamNotFound(streamRef);
  return { revision };
}

export function tagsAndPolicyOf({ revision, consumer, queue, channel }: Resource): TagsAndPolicy {
  return consumer ?? queue ?? channel ?? revision.stream;
}

/** Writes the tags and policy that `next` returns. Errors: ResourceInUseException for a CREATING or DELETING stream. */
export async function updateTagsAndPolicy(
  arn: string,
  context: OperationContext,
  next: (resource: Resource) => TagsAndPolicy,
): Promise<void> {
  await updateStreamDocument(context, () => {
    const resource = requireResource(arn, context);
    const { revision } = resource;
    const { stream } = revision;
    if (stream.status === "CREATING" || stream.status === "DELETING") throw streamNotActive(stream, stream.status);
    const { tags, policy } = next(resource);
    const changed = policy === undefined ? { tags } : { tags, policy };
    return [revision, replaceResource(resource, changed)];
  });
}

/** The stream with the tags and policy of the resource replaced. */
function replaceResource({ revision: { stream }, consumer, queue, channel }: Resource, changed: TagsAndPolicy): Stream {
  if (queue !== undefined) return replaceQueue(stream, { ...withoutPolicy(queue), ...changed });
  if (channel !== undefined) return replaceChannel(stream, { ...withoutPolicy(channel), ...changed });
  if (consumer !== undefined) return replaceConsumer(stream, { ...withoutPolicy(consumer), ...changed });
  return { ...withoutPolicy(stream), ...changed };
}

function withoutPolicy<Row extends { readonly policy?: string }>({
  policy: _former,
  ...rest
}: Row): Omit<Row, "policy"> {
  return rest;
}

function find(address: StreamAddress, { registry, caller }: OperationContext): StreamRevision | undefined {
  const { account, region, name } = address;
  return isVisibleToCaller(address, caller) ? registry.find(account, region, name) : undefined;
}
