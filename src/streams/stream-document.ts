import type { PlannedShard, Shard, Stream, StreamIntent } from "./stream.ts";

/*
 * A stream document: JSON with a version `v` first, then the members of `Stream` by their names, absent where undefined.
 * Shards are rows, because a stream may have ten thousand of them:
 *
 *   planned shard  [index, parent, adjacentParent, starting hash key, ending hash key]
 *   shard          the same, then [create second, placement], and [second, end, closedMs] once closed
 *
 * Parents are -1 when there is none; hash keys and ends are hex.
 */
const VERSION = 1;

/** Keys of all stream documents start with this. */
export const streamDocumentPrefix = "streams/";

/** The key of a stream's document. Account, region and name contain no slash, so keys sort by name within a region. */
export function streamDocumentKey(account: string, region: string, name: string): string {
  return `${streamDocumentPrefix}${account}/${region}/${name}`;
}

type PlannedRow = readonly [number, number, number, string, string];
type ShardRow = readonly [
  ...PlannedRow,
  createSecond: number,
  placement: Shard["placement"],
  closed?: readonly [second: number, end: string, closedMs: number],
];
type IntentRow =
  | (Omit<Extract<StreamIntent, { kind: "create" }>, "opening"> & { readonly opening: readonly PlannedRow[] })
  | (Omit<Extract<StreamIntent, { kind: "reshard" }>, "opening"> & { readonly opening: readonly PlannedRow[] })
  | Exclude<StreamIntent, { opening: unknown }>;
type StreamDocument = Omit<Stream, "shards" | "intent"> & {
  readonly v: number;
  readonly shards: readonly ShardRow[];
  readonly intent?: IntentRow;
};

export function encodeStream({ shards, intent, ...rest }: Stream): Uint8Array {
  const document: StreamDocument = {
    v: VERSION,
    ...rest,
    shards: shards.map(shardRow),
    ...(intent === undefined ? {} : { intent: intentRow(intent) }),
  };
  return Buffer.from(JSON.stringify(document));
}

/** Throws an Error for a document that this server cannot read. */
export function decodeStream(bytes: Uint8Array): Stream {
  const document = parseDocument(bytes);
  const { v: _version, shards, intent, ...rest } = document;
  return {
    ...rest,
    shards: shards.map(shardOfRow),
    ...(intent === undefined ? {} : { intent: intentOfRow(intent) }),
  };
}

function parseDocument(bytes: Uint8Array): StreamDocument {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (cause) {
    throw new Error("A stream document is not JSON: it is damaged, or another program wrote it.", { cause });
  }
  const version = typeof value === "object" && value !== null && "v" in value ? value.v : undefined;
  if (typeof version !== "number")
    throw new Error("A stream document has no version: it is damaged, or another program wrote it.");
  if (version !== VERSION) {
    throw new Error(
      `A stream document has version ${version}; this server reads version ${VERSION}. Start the newer server that wrote it.`,
    );
  }
  return value as StreamDocument;
}

function plannedRow({ index, parent, adjacentParent, startingHashKey, endingHashKey }: PlannedShard): PlannedRow {
  return [index, parent ?? -1, adjacentParent ?? -1, startingHashKey.toString(16), endingHashKey.toString(16)];
}

function plannedOfRow([index, parent, adjacentParent, starting, ending]: PlannedRow): PlannedShard {
  const range = { startingHashKey: BigInt(`0x${starting}`), endingHashKey: BigInt(`0x${ending}`) };
  return { index, ...parentsOf(parent, adjacentParent), ...range };
}

function shardRow(shard: Shard): ShardRow {
  const { createSecond, placement, closed } = shard;
  const open = [...plannedRow(shard), createSecond, placement] as const;
  return closed === undefined ? open : [...open, [closed.second, closed.end.toString(16), closed.closedMs]];
}

function shardOfRow(row: ShardRow): Shard {
  // The common case, open and without parents, makes no other object: a start may read ten thousand shards.
  const shard: Shard = {
    index: row[0],
    startingHashKey: BigInt(`0x${row[3]}`),
    endingHashKey: BigInt(`0x${row[4]}`),
    createSecond: row[5],
    placement: row[6],
  };
  if (row[1] === -1 && row[7] === undefined) return shard;
  const [, parent, adjacentParent, , , , , closed] = row;
  const end =
    closed === undefined ? {} : { closed: { second: closed[0], end: BigInt(`0x${closed[1]}`), closedMs: closed[2] } };
  return { ...shard, ...parentsOf(parent, adjacentParent), ...end };
}

function parentsOf(parent: number, adjacentParent: number): Pick<PlannedShard, "parent" | "adjacentParent"> {
  return { ...(parent === -1 ? {} : { parent }), ...(adjacentParent === -1 ? {} : { adjacentParent }) };
}

function intentRow(intent: StreamIntent): IntentRow {
  return "opening" in intent ? { ...intent, opening: intent.opening.map(plannedRow) } : intent;
}

function intentOfRow(row: IntentRow): StreamIntent {
  return "opening" in row ? { ...row, opening: row.opening.map(plannedOfRow) } : row;
}
