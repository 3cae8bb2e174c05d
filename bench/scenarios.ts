/** What is measured. Rates count records that the server acknowledged or returned. */

export type Operation = "PutRecords" | "PutRecord" | "GetRecords";

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly operation: Operation;
  readonly recordBytes: number;
  /** Records in a PutRecords request, or the Limit of GetRecords. */
  readonly recordsPerRequest: number;
  readonly connections: number;
  readonly shards: number;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "put-records-1k",
    title: "PutRecords, 500 x 1 KiB, 4 shards, 4 connections",
    operation: "PutRecords",
    recordBytes: 1024,
    recordsPerRequest: 500,
    connections: 4,
    shards: 4,
  },
  {
    name: "put-records-100",
    title: "PutRecords, 500 x 100 B, 4 shards, 4 connections",
    operation: "PutRecords",
    recordBytes: 100,
    recordsPerRequest: 500,
    connections: 4,
    shards: 4,
  },
  {
    name: "put-record-1k",
    title: "PutRecord, 1 KiB, 4 shards, 32 connections",
    operation: "PutRecord",
    recordBytes: 1024,
    recordsPerRequest: 1,
    connections: 32,
    shards: 4,
  },
  {
    name: "get-records-1k",
    title: "GetRecords, 1 KiB, Limit 1000, a connection per shard, 4 shards from TRIM_HORIZON over and over",
    operation: "GetRecords",
    recordBytes: 1024,
    recordsPerRequest: 1000,
    connections: 4,
    shards: 4,
  },
];
