import {
  invalidNextToken,
  listShardsUnnamed,
  membersExclude,
  nextTokenExpired,
  nextTokenWith,
} from "../../model/list-errors.ts";
import type { ListShardsInput } from "../../model/shapes.generated.ts";
import { streamNotFound } from "../../model/stream-errors.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { streamArn } from "../../streams/arn.ts";
import { firstPage } from "../../streams/list-page.ts";
import { filterShards, type ShardFilter, visibleShards } from "../../streams/positions/shard-filter.ts";
import { trimHorizonMs } from "../../streams/retention-window.ts";
import { decodePageToken, encodePageToken } from "../../streams/tokens/page-token.ts";
import { tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { isVisibleToCaller } from "../is-visible-to-caller.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { parseShardIndex } from "../parse-shard-index.ts";
import { requireStreamCreatedAt } from "../require-stream.ts";
import { parseShardFilter } from "./parse-shard-filter.ts";
import { shardOutput } from "./shard-output.ts";

/** API reference: 1000 shards by default. A larger MaxResults is accepted and capped. */
const pageShardsMax = 1000;

/** A request, from its members or from its NextToken. */
interface Listing {
  readonly revision: StreamRevision;
  readonly filter: ShardFilter;
  /** Only shards with a greater index are listed. */
  readonly afterIndex: number;
}

export const listShards = defineOperation({
  name: "ListShards",
  plane: "control",
  async handle(input, context) {
    const { revision, filter, afterIndex } =
      input.NextToken === undefined
        ? listingOfMembers(input, context)
        : listingOfToken(input, input.NextToken, context);
    const { stream } = revision;
    const nowMs = context.clock.nowMs();
    const shards = filterShards(visibleShards(stream, trimHorizonMs(nowMs, stream)), filter);
    const { items, hasMore } = firstPage(
      shards.filter((shard) => shard.index > afterIndex),
      Math.min(input.MaxResults ?? pageShardsMax, pageShardsMax),
    );
    const last = items.at(-1);
    return {
      Shards: items.map(shardOutput),
      ...(hasMore && last !== undefined
        ? {
            NextToken: encodePageToken(context.tokens, "shards", {
              createdMs: nowMs,
              account: stream.account,
              region: stream.region,
              streamName: stream.name,
              streamId: stream.id,
              filter,
              afterIndex: last.index,
            }),
          }
        : {}),
    };
  },
});

function listingOfMembers(input: ListShardsInput, context: OperationContext): Listing {
  if (input.StreamName === undefined && input.StreamARN === undefined) throw listShardsUnnamed();
  if (input.ExclusiveStartShardId !== undefined && input.ShardFilter !== undefined) {
    throw membersExclude({ present: "ExclusiveStartShardId", other: "ShardFilter" });
  }
  const revision = requireStreamCreatedAt(input, context);
  const { ExclusiveStartShardId: start, ShardFilter: filter } = input;
  return {
    revision,
    filter: filter === undefined ? { type: "FROM_TRIM_HORIZON" } : parseShardFilter(filter, revision.stream),
    afterIndex: start === undefined ? -1 : parseShardIndex(start, revision.stream),
  };
}

/** A token contains the whole request, so only MaxResults may be given with it (observed). */
function listingOfToken(input: ListShardsInput, nextToken: string, context: OperationContext): Listing {
  for (const member of [
    "StreamName",
    "StreamARN",
    "ExclusiveStartShardId",
    "ShardFilter",
    "StreamCreationTimestamp",
  ] as const) {
    if (input[member] !== undefined) throw nextTokenWith(member);
  }
  const token = decodePageToken(context.tokens, "shards", nextToken);
  if (token === undefined || !isVisibleToCaller(token, context.caller)) throw invalidNextToken();
  if (tokenExpiry(token, context.clock.nowMs()) !== undefined) throw nextTokenExpired();
  const { account, region, streamName: name } = token;
  const revision = requireStreamCreatedAt({ StreamARN: streamArn({ account, region, name }) }, context);
  if (revision.stream.id !== token.streamId) throw streamNotFound(revision.stream);
  return { revision, filter: token.filter, afterIndex: token.afterIndex };
}
