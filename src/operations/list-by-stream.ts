import { createHash } from "node:crypto";
import { invalidNextToken, nextTokenExpired, nextTokenNeeds } from "../model/list-errors.ts";
import type { StreamFilter } from "../model/shapes.generated.ts";
import { streamArn } from "../streams/arn.ts";
import { firstPage } from "../streams/list-page.ts";
import type { Stream } from "../streams/stream.ts";
import { decodePageToken, encodePageToken } from "../streams/tokens/page-token.ts";
import { tokenExpiry } from "../streams/tokens/shard-iterator.ts";
import type { OperationContext } from "./operation-context.ts";

/** Rows of one page at most, also when the request asks for more. */
const pageRowsMax = 100;

/** Bytes of a filter as JSON that a token contains; the request repeats a longer one. */
const tokenFilterBytesMax = 2_500;

type Filter = readonly StreamFilter[];

/** The members of ListQueues and ListChannels. */
export interface ListByStreamInput {
  readonly StreamFilter?: Filter;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** What is listed: rows of streams' documents with names that are unique over all streams. */
export interface ListedKind<Row> {
  readonly kind: "queues" | "channels";
  readonly rowsOf: (stream: Stream) => readonly Row[] | undefined;
}

export interface ListedPage<Row> {
  readonly rows: readonly { readonly stream: Stream; readonly row: Row }[];
  readonly token: { readonly NextToken?: string };
}

/** What a page is of. */
interface Listing {
  readonly filter?: Filter | undefined;
  readonly afterName?: string | undefined;
}

/**
 * Rows in all states, sorted by name; with a filter those of its streams. A token stands for its filter, which may be
 * repeated beside it, as paginators of SDKs do. Errors: InvalidArgumentException, ExpiredNextTokenException.
 */
export function listByStream<Row extends { readonly name: string }>(
  input: ListByStreamInput,
  context: OperationContext,
  listed: ListedKind<Row>,
): ListedPage<Row> {
  const { filter, afterName } = listingOf(input, context, listed.kind);
  const rest = rowsOf(filter, context, listed)
    .filter(({ row }) => afterName === undefined || row.name > afterName)
    .sort((one, other) => (one.row.name < other.row.name ? -1 : 1));
  const { items, hasMore } = firstPage(rest, Math.min(input.MaxResults ?? pageRowsMax, pageRowsMax));
  const last = items.at(-1);
  const token =
    hasMore && last !== undefined ? { NextToken: tokenAfter(last.row.name, filter, context, listed.kind) } : {};
  return { rows: items, token };
}

function listingOf(
  { NextToken, StreamFilter }: ListByStreamInput,
  { tokens, clock, caller }: OperationContext,
  kind: "queues" | "channels",
): Listing {
  if (NextToken === undefined) return { filter: StreamFilter };
  const token = decodePageToken(tokens, kind, NextToken);
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
  kind: "queues" | "channels",
): string {
  const isShort = filter !== undefined && Buffer.byteLength(JSON.stringify(filter)) <= tokenFilterBytesMax;
  return encodePageToken(tokens, kind, {
    ...{ createdMs: clock.nowMs(), account, region, afterName },
    ...(filter === undefined ? {} : { filterDigest: digestOf(filter) }),
    ...(isShort ? { filter } : {}),
  });
}

function digestOf(filter: Filter): string {
  return createHash("sha256").update(JSON.stringify(filter)).digest("base64url").slice(0, 16);
}

function rowsOf<Row>(
  filter: Filter | undefined,
  { registry, caller }: OperationContext,
  listed: ListedKind<Row>,
): { readonly stream: Stream; readonly row: Row }[] {
  const wanted = filter === undefined ? undefined : new Map<string, (number | undefined)[]>();
  for (const { StreamARN, StreamCreationTimestamp } of filter ?? []) {
    const times = wanted?.get(StreamARN);
    if (times === undefined) wanted?.set(StreamARN, [StreamCreationTimestamp]);
    else times.push(StreamCreationTimestamp);
  }
  const found: { readonly stream: Stream; readonly row: Row }[] = [];
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    const rows = listed.rowsOf(stream);
    if (rows === undefined) continue;
    const times = wanted?.get(streamArn(stream));
    if (wanted !== undefined && !times?.some((time) => isCreatedAt(stream, time))) continue;
    for (const row of rows) found.push({ stream, row });
  }
  return found;
}

/** Compared to the second. */
function isCreatedAt({ createdMs }: Stream, time: number | undefined): boolean {
  return time === undefined || Math.floor(time / 1000) === Math.floor(createdMs / 1000);
}
