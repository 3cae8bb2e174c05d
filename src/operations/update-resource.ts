import { consumerNotFound } from "../model/consumer-errors.ts";
import { resourceNotFound } from "../model/policy-errors.ts";
import { channelNotFound } from "../model/setting-errors.ts";
import { streamNotActive, streamNotFound } from "../model/stream-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { parseConsumerArn, parseStreamArn, type StreamAddress } from "../streams/arn.ts";
import { findConsumer, withConsumer } from "../streams/consumer-ref.ts";
import type { Stream, StreamConsumer } from "../streams/stream.ts";
import { canReference } from "./can-reference.ts";
import type { OperationContext } from "./operation-context.ts";
import { updateStreamDocument } from "./update-stream-document.ts";

/** What a ResourceARN names: a stream, or a consumer of one. Both have tags and a policy. */
export interface Resource {
  readonly revision: StreamRevision;
  readonly consumer?: StreamConsumer;
}

/** The members of a stream or consumer that the resource operations read and write. */
export interface TagsAndPolicy {
  readonly tags: Stream["tags"];
  readonly policy?: string;
}

/** Errors: ResourceNotFoundException, worded by the kind of ARN. */
export function requireResource(arn: string, context: OperationContext): Resource {
  const consumerRef = parseConsumerArn(arn);
  if (consumerRef !== undefined) {
    const revision = find(consumerRef, context);
    const consumer = revision === undefined ? undefined : findConsumer(revision.stream, consumerRef);
    if (revision === undefined || consumer === undefined) throw consumerNotFound(arn, consumerRef.account);
    return { revision, consumer };
  }
  const streamRef = parseStreamArn(arn);
  if (streamRef === undefined) throw arn.includes(":channel/") ? channelNotFound(arn) : resourceNotFound(arn);
  const revision = find(streamRef, context);
  if (revision === undefined) throw streamNotFound(streamRef);
  return { revision };
}

export function tagsAndPolicyOf({ revision, consumer }: Resource): TagsAndPolicy {
  return consumer ?? revision.stream;
}

/** Writes what `next` makes of a resource; ResourceInUseException while its stream is CREATING or DELETING. */
export async function updateResource(
  arn: string,
  context: OperationContext,
  next: (resource: Resource) => TagsAndPolicy,
): Promise<void> {
  await updateStreamDocument(context, () => {
    const resource = requireResource(arn, context);
    const { revision, consumer } = resource;
    const { status } = revision.stream;
    if (status === "CREATING" || status === "DELETING") throw streamNotActive(revision.stream, status);
    const { tags, policy } = next(resource);
    const members = policy === undefined ? { tags } : { tags, policy };
    if (consumer === undefined) {
      const { policy: _former, ...stream } = revision.stream;
      return [revision, { ...stream, ...members }];
    }
    const { policy: _former, ...rest } = consumer;
    return [revision, withConsumer(revision.stream, { ...rest, ...members })];
  });
}

function find(address: StreamAddress, { registry, caller }: OperationContext) {
  const { account, region, name } = address;
  return canReference(address, caller) ? registry.find(account, region, name) : undefined;
}
