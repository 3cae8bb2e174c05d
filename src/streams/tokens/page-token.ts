import type { ShardFilter } from "../positions/shard-listing.ts";
import type { TokenSealer } from "./token-sealer.ts";

/** What a NextToken holds, by what it lists: enough to go on without the members of the first request. */
export interface PageTokens {
  readonly shards: {
    readonly createdMs: number;
    readonly account: string;
    readonly region: string;
    readonly streamName: string;
    readonly streamId: string;
    readonly filter: ShardFilter;
    /** The last shard listed. */
    readonly afterIndex: number;
  };
  readonly streams: {
    readonly createdMs: number;
    readonly account: string;
    readonly region: string;
    /** The last name listed. */
    readonly afterName: string;
  };
  readonly consumers: {
    readonly createdMs: number;
    readonly streamId: string;
    /** The last name listed. */
    readonly afterName: string;
  };
}

export function sealPageToken<Kind extends keyof PageTokens>(
  sealer: TokenSealer,
  kind: Kind,
  token: PageTokens[Kind],
): string {
  return sealer.seal(kind, Buffer.from(JSON.stringify(token)));
}

/** Undefined for anything that was not sealed as a token of this kind. Its age is for `tokenExpiry` to judge. */
export function openPageToken<Kind extends keyof PageTokens>(
  sealer: TokenSealer,
  kind: Kind,
  text: string,
): PageTokens[Kind] | undefined {
  const payload = sealer.open(kind, text);
  // Only `sealPageToken` seals this kind, so the shape is known.
  return payload === undefined ? undefined : (JSON.parse(Buffer.from(payload).toString()) as PageTokens[Kind]);
}
