import { invalidNextToken, nextTokenExpired, nextTokenWith } from "../../model/list-errors.ts";
import type { ListStreamConsumersInput } from "../../model/shapes.generated.ts";
import { firstPage } from "../../streams/list-page.ts";
import type { Stream } from "../../streams/stream.ts";
import { decodePageToken, encodePageToken } from "../../streams/tokens/page-token.ts";
import { tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamCreatedAt } from "../require-stream.ts";
import { consumerOutput } from "./consumer-output.ts";

/** API reference: 100 consumers by default. A larger MaxResults is accepted and capped. */
const pageConsumersMax = 100;

/** Sorted by name. StreamARN is required with a NextToken too. */
export const listStreamConsumers = defineOperation({
  name: "ListStreamConsumers",
  plane: "control",
  async handle(input, context) {
    const { stream } = requireStreamCreatedAt(input, context);
    const afterName = afterNameOf(input, stream, context);
    const rest = (stream.consumers ?? [])
      .filter(({ name }) => afterName === undefined || name > afterName)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const { items, hasMore } = firstPage(rest, Math.min(input.MaxResults ?? pageConsumersMax, pageConsumersMax));
    const last = items.at(-1);
    return {
      Consumers: items.map((consumer) => consumerOutput(stream, consumer)),
      ...(hasMore && last !== undefined
        ? {
            NextToken: encodePageToken(context.tokens, "consumers", {
              createdMs: context.clock.nowMs(),
              streamId: stream.id,
              afterName: last.name,
            }),
          }
        : {}),
    };
  },
});

function afterNameOf(
  { NextToken, StreamCreationTimestamp }: ListStreamConsumersInput,
  stream: Stream,
  { tokens, clock }: OperationContext,
): string | undefined {
  if (NextToken === undefined) return undefined;
  if (StreamCreationTimestamp !== undefined) throw nextTokenWith("StreamCreationTimestamp");
  const token = decodePageToken(tokens, "consumers", NextToken);
  if (token === undefined || token.streamId !== stream.id) throw invalidNextToken();
  if (tokenExpiry(token, clock.nowMs()) !== undefined) throw nextTokenExpired();
  return token.afterName;
}
