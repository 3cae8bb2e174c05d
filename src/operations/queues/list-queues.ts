import { createHash } from "node:crypto";
import { invalidNextToken, nextTokenExpired, nextTokenNeeds } from "../../model/list-errors.ts";
import type { ListQueuesInput } from "../../model/shapes.generated.ts";
import { streamArn } from "../../streams/arn.ts";
import { firstPage } from "../../streams/list-page.ts";
import type { Stream, StreamQueue } from "../../streams/stream.ts";
import { decodePageToken, encodePageToken } from "../../streams/tokens/page-token.ts";
import { tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { queueSummaryOutput } from "./queue-output.ts";

/** Queues of one page at most, also when the request asks for more. */
const pageQueuesMax = 100;

/** Bytes of a filter as JSON that a token contains; the request repeats a longer one. */
const tokenFilterBytesMax = 2_500;

type Filter = NonNullable<ListQueuesInput["StreamFilter"]>;

/** What a page is of. */
interface Listing {
  readonly filter?: Filter | undefined;
  readonly afterName?: string | undefined;
}

/**
 * Queues in all states, sorted by name; with a filter those of its streams. A token stands for its filter, which may be
 * repeated beside it, as paginators of SDKs do.
 */
export const listQueues = defineOperation({
  name: "ListQueues",
  plane: "control",
  async handle(input, context) {
    const listing = listingOf(input, context);
    const { filter, afterName } = listing;
    const rest = queuesOf(filter, context)
      .filter(({ queue }) => afterName === undefined || queue.name > afterName)
      .sort((one, other) => (one.queue.name < other.queue.name ? -1 : 1));
    const { items, hasMore } = firstPage(rest, Math.min(input.MaxResults ?? pageQueuesMax, pageQueuesMax));
    const last = items.at(-1);
    return {
      QueueSummaries: items.map(({ stream, queue }) => queueSummaryOutput(stream, queue)),
      ...(hasMore && last !== undefined ? { NextToken: tokenAfter(last.queue.name, filter, context) } : {}),
    };
  },
});

/** Errors: InvalidArgumentException, ExpiredNextTokenException. */
function listingOf({ NextToken, StreamFilter }: ListQueuesInput, { tokens, clock, caller }: OperationContext): Listing {
  if (NextToken === undefined) return { filter: StreamFilter };
  const token = decodePageToken(tokens, "queues", NextToken);
  if (token === undefined || token.account !== caller.account || token.region !== caller.region) {
    throw invalidNextToken();
  }
  if (tokenExpiry(token, clock.nowMs()) !== undefined) throw nextTokenExpired();
  const { afterName, filterDigest } = token;
  if (StreamFilter !== undefined) {
    if (digestOf(StreamFilter) !== filterDigest) throw invalidNextToken();
    return { filter: StreamFilter, afterName };
  }
  if (filterDigest !== undefined && token.filter === undefined) throw nextTokenNeeds("StreamFilter");
  return { filter: token.filter, afterName };
}

function tokenAfter(
  afterName: string,
  filter: Filter | undefined,
  { tokens, clock, caller: { account, region } }: OperationContext,
): string {
  const isShort = filter !== undefined && Buffer.byteLength(JSON.stringify(filter)) <= tokenFilterBytesMax;
  return encodePageToken(tokens, "queues", {
    ...{ createdMs: clock.nowMs(), account, region, afterName },
    ...(filter === undefined ? {} : { filterDigest: digestOf(filter) }),
    ...(isShort ? { filter } : {}),
  });
}

function digestOf(filter: Filter): string {
  return createHash("sha256").update(JSON.stringify(filter)).digest("base64url").slice(0, 16);
}

function queuesOf(
  filter: Filter | undefined,
  { registry, caller }: OperationContext,
): { readonly stream: Stream; readonly queue: StreamQueue }[] {
  const wanted = filter === undefined ? undefined : new Map<string, (number | undefined)[]>();
  for (const { StreamARN, StreamCreationTimestamp } of filter ?? []) {
    const times = wanted?.get(StreamARN);
    if (times === undefined) wanted?.set(StreamARN, [StreamCreationTimestamp]);
    else times.push(StreamCreationTimestamp);
  }
  const found: { readonly stream: Stream; readonly queue: StreamQueue }[] = [];
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    if (stream.queues === undefined) continue;
    const times = wanted?.get(streamArn(stream));
    if (wanted !== undefined && !times?.some((time) => isCreatedAt(stream, time))) continue;
    for (const queue of stream.queues) found.push({ stream, queue });
  }
  return found;
}

/** Compared to the second. */
function isCreatedAt({ createdMs }: Stream, time: number | undefined): boolean {
  return time === undefined || Math.floor(time / 1000) === Math.floor(createdMs / 1000);
}
