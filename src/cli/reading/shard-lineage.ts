import type { ListedShard } from "../client/list-shards.ts";

/** What has been read so far, by shard id. */
export interface ReadShards {
  readonly begun: ReadonlySet<string>;
  /** Closed shards whose last record has been read. */
  readonly finished: ReadonlySet<string>;
}

/**
 * The shards that may be read next: those that no listed parent has records before. A parent that is not listed has
 * expired. So the records of one partition key come in their order, across splits and merges.
 */
export function nextShards(shards: readonly ListedShard[], { begun, finished }: ReadShards): readonly ListedShard[] {
  const listed = new Set(shards.map(({ id }) => id));
  return shards.filter(
    ({ id, parents }) => !begun.has(id) && parents.every((parent) => !listed.has(parent) || finished.has(parent)),
  );
}

/** Whether a shard has been read to its end and its children are not known yet. */
export function lacksChildren(shards: readonly ListedShard[], { begun, finished }: ReadShards): boolean {
  const parents = new Set(shards.flatMap((shard) => shard.parents));
  return [...finished].some((id) => begun.has(id) && !parents.has(id));
}
