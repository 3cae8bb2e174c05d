import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { demoOrder } from "../../../../console/src/put/generate.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";
import type { ConsoleServer } from "../console-server.ts";

const random = new SeededRandom(11);
let made = 0;

/** Records of all the kinds that the console decodes; one key in three is the same, so that a shard is hot. */
export async function putDemoRecords({ kinesis }: ConsoleServer, StreamName: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 100) {
    const Records = Array.from({ length: Math.min(100, count - sent) }, demoRecord);
    await kinesis("PutRecords", { StreamName, Records });
  }
}

function demoRecord(): { readonly PartitionKey: string; readonly Data: string } {
  const number = ++made;
  const { partitionKey, dataBase64 } = demoOrder(number, () => random.next(), Date.now());
  const record = (key: string, data: Uint8Array) => ({ PartitionKey: key, Data: Buffer.from(data).toString("base64") });
  switch (number % 15) {
    case 3:
      return record("logs", gzipSync(JSON.stringify(logsOf(number))));
    case 6:
      return record(`host-${number % 5}`, zstdCompressSync(JSON.stringify({ metric: "cpu", value: number % 100 })));
    case 9:
      return record("producer", aggregateOf([`first of ${number}`, `second of ${number}`]));
    case 12:
      return record(`device-${number % 9}`, Uint8Array.of(0xff, 0xfe, number & 255, 0, 1, 2, 3, 200));
    default:
      return { PartitionKey: number % 3 === 0 ? "customer-7" : partitionKey, Data: dataBase64 };
  }
}

function logsOf(number: number): object {
  const message = `ERROR payment of order ${number} refused: card expired`;
  return {
    ...{ messageType: "DATA_MESSAGE", owner: "123456789012", logGroup: "/aws/lambda/pay", logStream: "2026/11/30" },
    ...{ subscriptionFilters: ["all"], logEvents: [{ id: String(number), timestamp: Date.now(), message }] },
  };
}

/** As the Kinesis Producer Library packs records. */
function aggregateOf(texts: readonly string[]): Uint8Array {
  const field = (number: number, bytes: Uint8Array): readonly number[] => [(number << 3) | 2, bytes.length, ...bytes];
  const records = texts.flatMap((text) => field(3, Uint8Array.from([8, 0, ...field(3, Buffer.from(text))])));
  const message = Uint8Array.from([...field(1, Buffer.from("producer-key")), ...records]);
  return Uint8Array.from([0xf3, 0x89, 0x9a, 0xc2, ...message, ...createHash("md5").update(message).digest()]);
}

/** A reader of the first open shard that falls behind. */
export async function readSlowly({ kinesis }: ConsoleServer, StreamName: string, signal: AbortSignal): Promise<void> {
  const place = { StreamName, ShardId: "shardId-000000000002", ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator } = await kinesis<{ ShardIterator?: string }>("GetShardIterator", place);
  while (!signal.aborted && ShardIterator !== undefined) {
    const page = await kinesis<{ NextShardIterator?: string }>("GetRecords", { ShardIterator, Limit: 5 });
    ShardIterator = page.NextShardIterator;
    await pause(500);
  }
}
