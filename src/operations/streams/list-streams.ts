import { invalidNextToken, nextTokenExpired, nextTokenWith } from "../../model/list-errors.ts";
import type { ListStreamsInput } from "../../model/shapes.generated.ts";
import { namesPage } from "../../streams/list-page.ts";
import { decodePageToken, encodePageToken } from "../../streams/tokens/page-token.ts";
import { tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { streamSummaryOutput } from "./stream-output.ts";

/** API reference: 100 names by default. A larger Limit is accepted and capped. */
const pageNamesMax = 100;

/** Streams in all states, sorted by name. Returns NextToken and HasMoreStreams: SDK paginators use either. */
export const listStreams = defineOperation({
  name: "ListStreams",
  plane: "control",
  async handle(input, context) {
    const { account, region } = context.caller;
    const byName = new Map(
      Array.from(context.registry.inRegion(account, region), ({ stream }) => [stream.name, stream]),
    );
    const { items, hasMore } = namesPage(byName.keys(), {
      exclusiveStart: exclusiveStartName(input, context),
      limit: Math.min(input.Limit ?? pageNamesMax, pageNamesMax),
    });
    const afterName = items.at(-1);
    return {
      StreamNames: items,
      HasMoreStreams: hasMore,
      StreamSummaries: items.flatMap((name) => {
        const stream = byName.get(name);
        return stream === undefined ? [] : [streamSummaryOutput(stream)];
      }),
      ...(hasMore && afterName !== undefined
        ? {
            NextToken: encodePageToken(context.tokens, "streams", {
              createdMs: context.clock.nowMs(),
              account,
              region,
              afterName,
            }),
          }
        : {}),
    };
  },
});

function exclusiveStartName(input: ListStreamsInput, { tokens, clock, caller }: OperationContext): string | undefined {
  if (input.NextToken === undefined) return input.ExclusiveStartStreamName;
  if (input.ExclusiveStartStreamName !== undefined) throw nextTokenWith("ExclusiveStartStreamName");
  const token = decodePageToken(tokens, "streams", input.NextToken);
  if (token === undefined || token.account !== caller.account || token.region !== caller.region) {
    throw invalidNextToken();
  }
  if (tokenExpiry(token, clock.nowMs()) !== undefined) throw nextTokenExpired();
  return token.afterName;
}
