/** What is measured, and with which servers. Rates count records that the server acknowledged, returned or pushed. */

/**
 * `Push` puts one record at a time and waits until the subscriber has it; `Poll` asks at the tip of a shard, where nothing
 * is, and counts its calls as records; `Mixed` puts many, puts one and reads at once,
 * by connection in turn.
 */
export type Operation = "PutRecords" | "PutRecord" | "GetRecords" | "Push" | "Poll" | "Mixed";

/** Where the records to be read lie: in what was written last, further back in the log, or in sealed segments. */
export type ReadFrom = "tail" | "log" | "segments";

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly operation: Operation;
  readonly recordBytes: number;
  /** Records in a PutRecords request, or the Limit of GetRecords. */
  readonly recordsPerRequest: number;
  /** Requests in flight: connections of HTTP/1.1, streams of one HTTP/2 connection. */
  readonly connections: number;
  readonly shards: number;
  readonly readFrom?: ReadFrom;
}

/** A scenario and the names of the servers that are measured in it. */
export interface Line {
  readonly scenario: Scenario;
  readonly byDefault: readonly string[];
  /** Beside those by default, when everything is asked for. */
  readonly withAll: readonly string[];
}

const ours = ["millrace memory", "millrace durable"];
const floors = ["floor: drain", "floor: parse", "floor: answer"];
const peers = ["kinesalite", "kinesis-local", "moto", "ferrokinesis"];
const variants = ["cbor", "sigv4", "tls", "limits", "encryption", "h2c"];
const variantsOf = (...engines: readonly string[]) =>
  engines.flatMap((engine) => variants.map((variant) => `${engine} ${variant}`));
const allVariants = variantsOf(...ours);

export const lines: readonly Line[] = [
  {
    scenario: putRecords("put-records-1k", 500, 1024, 4),
    byDefault: [...ours, "millrace durable sigv4", "millrace durable limits", ...floors, ...peers],
    withAll: allVariants,
  },
  {
    scenario: putRecords("put-records-100b", 500, 100, 4),
    byDefault: [...ours, "floor: parse", "floor: answer", "kinesalite"],
    withAll: ["floor: drain", ...peers, ...allVariants],
  },
  {
    scenario: putRecords("put-records-10k", 50, 10_240, 4),
    byDefault: [],
    withAll: [...ours, ...floors, ...peers, ...allVariants],
  },
  ...acrossShards("put-records-1k", 500, 1024, { byDefault: [1_000, 10_000] }),
  ...acrossShards("put-records-100b", 500, 100, { byDefault: [] }),
  ...acrossShards("put-records-10k", 50, 10_240, { byDefault: [] }),
  { scenario: putRecord("put-record-c1", 1), byDefault: ["millrace durable"], withAll: [...ours, ...floors] },
  {
    scenario: putRecord("put-record-c32", 32),
    byDefault: [...ours, "millrace durable sigv4", "millrace durable h2c", "floor: parse", "floor: answer", ...peers],
    withAll: ["floor: drain", ...allVariants],
  },
  { scenario: putRecord("put-record-c256", 256), byDefault: [], withAll: [...ours, ...floors, "kinesalite"] },
  {
    scenario: getRecords("get-records-tail", "tail"),
    byDefault: [...ours, "floor: drain", "floor: answer", ...peers],
    withAll: ["floor: parse", ...allVariants],
  },
  {
    scenario: {
      ...{ name: "get-records-empty-c32", title: "GetRecords that finds nothing, 4 shards, 32 connections (calls)" },
      ...{ operation: "Poll", recordBytes: 1024, recordsPerRequest: 1000, connections: 32, shards: 4 },
    },
    byDefault: [...ours, "floor: parse"],
    withAll: [],
  },
  { scenario: getRecords("get-records-log", "log"), byDefault: [], withAll: ["millrace durable", "floor: drain"] },
  {
    scenario: getRecords("get-records-segments", "segments"),
    byDefault: ["millrace durable"],
    withAll: ["floor: drain", "millrace durable encryption"],
  },
  {
    scenario: {
      ...{ name: "push", title: "SubscribeToShard, 1 KiB: from the put to the subscriber, one after the other" },
      ...{ operation: "Push", recordBytes: 1024, recordsPerRequest: 1, connections: 1, shards: 1 },
    },
    byDefault: ["millrace durable"],
    withAll: ["millrace memory", "kinesis-local", "ferrokinesis"],
  },
  {
    scenario: {
      ...{ name: "mixed", title: "Mixed: PutRecords 500 x 1 KiB, GetRecords and PutRecord at once, 4 shards" },
      ...{ operation: "Mixed", recordBytes: 1024, recordsPerRequest: 500, connections: 8, shards: 4 },
    },
    byDefault: [],
    withAll: [...ours, "kinesalite"],
  },
];

function putRecords(name: string, recordsPerRequest: number, recordBytes: number, shards: number): Scenario {
  const title = `PutRecords, ${recordsPerRequest} x ${sizeText(recordBytes)}, ${shardText(shards)}, 4 connections`;
  return { name, title, operation: "PutRecords", recordBytes, recordsPerRequest, connections: 4, shards };
}

/** The same over other numbers of shards, where the plain servers and the limits are what matters. */
function acrossShards(
  name: string,
  recordsPerRequest: number,
  recordBytes: number,
  { byDefault }: { readonly byDefault: readonly number[] },
): readonly Line[] {
  return [1, 64, 1_000, 10_000].map((shards) => ({
    scenario: putRecords(`${name}-${shards}-shard${shards === 1 ? "" : "s"}`, recordsPerRequest, recordBytes, shards),
    byDefault: byDefault.includes(shards) ? ["millrace durable"] : [],
    withAll: [...ours, "millrace memory limits"],
  }));
}

function putRecord(name: string, connections: number): Scenario {
  const connectionText = connections === 1 ? "1 connection" : `${connections} connections`;
  const title = `PutRecord, 1 KiB, 4 shards, ${connectionText}`;
  return { name, title, operation: "PutRecord", recordBytes: 1024, recordsPerRequest: 1, connections, shards: 4 };
}

function getRecords(name: string, readFrom: ReadFrom): Scenario {
  const place = { tail: "what was written last", log: "the log on disk", segments: "sealed segments" }[readFrom];
  const title = `GetRecords, 1 KiB, Limit 1000, ${place}, a connection for each of 4 shards, over and over`;
  const sizes = { recordBytes: 1024, recordsPerRequest: 1000, connections: 4, shards: 4 };
  return { name, title, operation: "GetRecords", ...sizes, readFrom };
}

function sizeText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}

function shardText(count: number): string {
  return count === 1 ? "1 shard" : `${count.toLocaleString("en-US")} shards`;
}
