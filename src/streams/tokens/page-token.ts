import type { ShardFilter } from "../positions/shard-filter.ts";
import type { TokenCipher } from "./token-cipher.ts";

/** Where a list goes on of rows with names in the documents of streams: queues or channels. */
interface NamedRowsToken {
  readonly createdMs: number;
  readonly account: string;
  readonly region: string;
  /** The last name listed. */
  readonly afterName: string;
  /** A digest of the filter; absent without one. */
  readonly filterDigest?: string;
  /** The filter itself, unless it is long. */
  readonly filter?: readonly { readonly StreamARN: string; readonly StreamCreationTimestamp?: number }[];
}

/** Contents of NextTokens by the kind of list: all that the next request needs. */
export interface PageTokenContents {
  readonly shards: {
    readonly createdMs: number;
    readonly account: string;
    readonly region: string;
    readonly streamName: string;
    readonly streamId: string;
    readonly filter: ShardFilter;
    /** Index of the last shard listed. */
    readonly afterIndex: number;
  };
  readonly streams: {
    readonly createdMs: number;
    readonly account: string;
    readonly region: string;
    /** The last name listed. */
    readonly afterName: string;
  };
  readonly queues: NamedRowsToken;
  readonly channels: NamedRowsToken;
  readonly consumers: {
    readonly createdMs: number;
    readonly streamId: string;
    /** The last name listed. */
    readonly afterName: string;
  };
}

/** The NextToken as clients receive it. */
export function encodePageToken<Kind extends keyof PageTokenContents>(
  cipher: TokenCipher,
  kind: Kind,
  token: PageTokenContents[Kind],
): string {
  return cipher.encrypt(kind, Buffer.from(JSON.stringify(token)));
}

/** Undefined for anything else than a token of this kind. `tokenExpiry` checks its age. */
export function decodePageToken<Kind extends keyof PageTokenContents>(
  cipher: TokenCipher,
  kind: Kind,
  text: string,
): PageTokenContents[Kind] | undefined {
  const payload = cipher.decrypt(kind, text);
  // Only `encodePageToken` encrypts tokens of this kind, so the type is right.
  return payload === undefined ? undefined : (JSON.parse(Buffer.from(payload).toString()) as PageTokenContents[Kind]);
}
