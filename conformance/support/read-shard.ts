import assert from "node:assert/strict";
import { ok } from "./call.ts";
import type { RecordsPage, StoredRecord } from "./outputs.ts";
import { poll } from "./stream-fixture.ts";
import type { Pace } from "./target.ts";

export interface Place {
  readonly StreamName: string;
  readonly ShardId: string;
  /** Default TRIM_HORIZON. */
  readonly ShardIteratorType?: string;
  readonly StartingSequenceNumber?: string;
  readonly Timestamp?: number;
}

export async function iteratorAt(place: Place, pace?: Pace): Promise<string> {
  const input = { ShardIteratorType: "TRIM_HORIZON", ...place };
  return (await ok("GetShardIterator", input, pace === undefined ? {} : { pace })).ShardIterator;
}

/** The next `count` records from a place on; on the service empty pages may come between them. */
export async function readRecords(place: Place, count: number): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  let iterator: string | undefined = await iteratorAt(place);
  await poll(
    async () => {
      assert(iterator !== undefined, `the shard ended after ${records.length} records`);
      const page: RecordsPage = await ok("GetRecords", { ShardIterator: iterator });
      records.push(...page.Records);
      iterator = page.NextShardIterator;
      return records.length;
    },
    (read) => read >= count,
    `${count} records are read`,
  );
  assert.equal(records.length, count);
  return records;
}

/** The page at which a closed shard ends, and all records before and in it. */
export async function readToEnd(
  place: Place,
): Promise<{ readonly records: readonly StoredRecord[]; readonly last: RecordsPage }> {
  const records: StoredRecord[] = [];
  let iterator = await iteratorAt(place);
  const last = await poll(
    async () => {
      const page = await ok("GetRecords", { ShardIterator: iterator });
      records.push(...page.Records);
      iterator = page.NextShardIterator ?? iterator;
      return page;
    },
    (page) => page.NextShardIterator === undefined,
    "the shard ends",
  );
  return { records, last };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
