import { consumerNotFound } from "../model/consumer-errors.ts";
import { resourceNotFound } from "../model/policy-errors.ts";
import { channelNotFound } from "../model/setting-errors.ts";
import { streamNotActive, streamNotFound } from "../model/stream-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { parseConsumerArn, parseStreamArn, type StreamAddress } from "../streams/arn.ts";
import { findConsumer, withConsumer } from "../streams/find-consumer.ts";
import type { Stream, StreamConsumer } from "../streams/stream.ts";
import { canReference } from "./can-reference.ts";
import { changeStream } from "./change-stream.ts";
import type { OperationContext } from "./operation-context.ts";

/** What a ResourceARN names: a stream, or a consumer of one. Both have tags and a policy. */
export interface Resource {
  readonly live: StreamRevision;
  readonly consumer?: StreamConsumer;
}

/** The members of a stream or consumer that the resource operations read and write. */
export interface ResourceMembers {
  readonly tags: Stream["tags"];
  readonly policy?: string;
}

/** Errors: ResourceNotFoundException, worded by the kind of ARN. */
export function requireResource(arn: string, context: OperationContext): Resource {
  const consumerRef = parseConsumerArn(arn);
  if (consumerRef !== undefined) {
    const live = find(consumerRef, context);
    const consumer = live === undefined ? undefined : findConsumer(live.stream, consumerRef);
    if (live === undefined || consumer === undefined) throw consumerNotFound(arn, consumerRef.account);
    return { live, consumer };
  }
  const streamRef = parseStreamArn(arn);
  if (streamRef === undefined) throw arn.includes(":channel/") ? channelNotFound(arn) : resourceNotFound(arn);
  const live = find(streamRef, context);
  if (live === undefined) throw streamNotFound(streamRef);
  return { live };
}

export function membersOf({ live, consumer }: Resource): ResourceMembers {
  return consumer ?? live.stream;
}

/** Writes what `next` makes of a resource; ResourceInUseException while its stream is CREATING or DELETING. */
export async function changeResource(
  arn: string,
  context: OperationContext,
  next: (resource: Resource) => ResourceMembers,
): Promise<void> {
  await changeStream(context, () => {
    const resource = requireResource(arn, context);
    const { live, consumer } = resource;
    const { status } = live.stream;
    if (status === "CREATING" || status === "DELETING") throw streamNotActive(live.stream, status);
    const { tags, policy } = next(resource);
    const members = policy === undefined ? { tags } : { tags, policy };
    if (consumer === undefined) {
      const { policy: _former, ...stream } = live.stream;
      return [live, { ...stream, ...members }];
    }
    const { policy: _former, ...rest } = consumer;
    return [live, withConsumer(live.stream, { ...rest, ...members })];
  });
}

function find(address: StreamAddress, { registry, caller }: OperationContext) {
  const { account, region, name } = address;
  return canReference(address, caller) ? registry.find(account, region, name) : undefined;
}
