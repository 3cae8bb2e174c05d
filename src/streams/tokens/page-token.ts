import type { ShardFilter } from "../positions/shard-filter.ts";
import type { TokenCipher } from "./token-cipher.ts";

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

export function encodePageToken<Kind extends keyof PageTokens>(
  cipher: TokenCipher,
  kind: Kind,
  token: PageTokens[Kind],
): string {
  return cipher.encrypt(kind, Buffer.from(JSON.stringify(token)));
}

/** Undefined for anything that was not sealed as a token of this kind. Its age is for `tokenExpiry` to judge. */
export function decodePageToken<Kind extends keyof PageTokens>(
  cipher: TokenCipher,
  kind: Kind,
  text: string,
): PageTokens[Kind] | undefined {
  const payload = cipher.decrypt(kind, text);
  // Only `encodePageToken` seals this kind, so the shape is known.
  return payload === undefined ? undefined : (JSON.parse(Buffer.from(payload).toString()) as PageTokens[Kind]);
}
