/**
 * Kills the server with SIGKILL at random moments while records are put and channels deliver them: three into a bucket of
 * SeaweedFS or versitygw, and with SeaweedFS one into a table. The store is held up at times. Starts the server again on the same
 * data directory and goes on. At the end each record that was acknowledged has to be in exactly one object of each channel and in
 * one row of the table, and each other one in at most one.
 *
 *   node test/system/channels/channel-kill-nine.ts [--store seaweedfs] [--rounds 100] [--seed NUMBER]
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { hasChannelReaders } from "../../support/channel-readers.ts";
import { readTables } from "../../support/iceberg-reader.ts";
import { activeOnDemandArn } from "../../support/kinesis-call.ts";
import { KinesisConnection, LostCall } from "../../support/kinesis-connection.ts";
import { SeaweedServer } from "../../support/seaweed-server.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import type { StoreKind, StoreServer } from "../../support/store-server.ts";
import { storeKind } from "../../support/tested-store.ts";
import { until } from "../../support/until.ts";
import {
  ChannelServer,
  createTableChannel,
  deliveredLines,
  makeChannel,
  settledStatus,
  untilRows,
} from "./channel-fixture.ts";

export interface ChannelKillNineOptions {
  readonly store: StoreKind;
  readonly rounds: number;
  readonly seed: number;
  /** Called after every round with one line about it. */
  readonly report: (line: string) => void;
}

const StreamName = "orders";
const compressions = ["NONE", "GZIP", "ZSTD"] as const;
const jsonSchema = { type: "object", required: ["number"], properties: { number: { type: "integer" } } };
const loadMsMin = 300;
const loadMsMax = 2_500;
/** Then a new, empty directory and bucket. */
const roundsPerDirectory = 25;

/** Throws at the first broken promise. Returns the number of records that were delivered, each once for each channel. */
export async function channelKillNine({ store: kind, rounds, seed, report }: ChannelKillNineOptions): Promise<number> {
  const random = new SeededRandom(seed);
  let delivered = 0;
  await using store = await kind.start();
  for (let done = 0; done < rounds; done += roundsPerDirectory) {
    const bucket = `bucket-${done}`;
    await store.makeBucket(bucket);
    const run = new Run(random.fork(), store, bucket);
    delivered += await run.run(Math.min(roundsPerDirectory, rounds - done), (line) => report(`${done}+${line}`));
  }
  return delivered;
}

class Run {
  readonly #random: SeededRandom;
  readonly #store: StoreServer;
  readonly #bucket: string;
  readonly #acknowledged = new Set<string>();
  readonly #unknown = new Set<string>();
  #next = 0;

  constructor(random: SeededRandom, store: StoreServer, bucket: string) {
    this.#random = random;
    this.#store = store;
    this.#bucket = bucket;
  }

  async run(rounds: number, report: (line: string) => void): Promise<number> {
    await using channels = await ChannelServer.start(this.#store, ["--log-level", "error"]);
    const { server } = channels;
    const streamArn = await activeOnDemandArn(server.endpoint, StreamName);
    const ids: string[] = [];
    for (const compression of compressions) {
      const { id } = await makeChannel(server.endpoint, compression, streamArn, { bucket: this.#bucket, compression });
      ids.push(id);
    }
    const store = this.#store;
    const table = store instanceof SeaweedServer ? await this.#makeTable(channels, streamArn) : undefined;
    for (let round = 1; round <= rounds; round += 1) {
      const putting = this.#put(server.endpoint);
      const loadMs = this.#random.integer(loadMsMin, loadMsMax);
      if (this.#random.next() < 0.3) {
        await pause(loadMs / 2);
        this.#store.suspend();
        await pause(loadMs / 2);
      } else {
        await pause(loadMs);
      }
      await server.kill("SIGKILL");
      this.#store.resume();
      await putting;
      await server.restart();
      report(`round ${round}: ${this.#acknowledged.size} records`);
    }
    for (const id of ids) await this.#judge(id);
    if (store instanceof SeaweedServer && table !== undefined) await this.#judgeTable(store, table);
    return this.#acknowledged.size * (ids.length + (table === undefined ? 0 : 1));
  }

  /** Named after the bucket, each run has one of its own. */
  async #makeTable(channels: ChannelServer, streamArn: string): Promise<string> {
    assert(hasChannelReaders(), "scripts/get-channel-readers.ts brings what reads the table");
    const table = this.#bucket.replace("-", "_");
    channels.addSchema("orders", jsonSchema);
    const wanted = { schema: "orders", deadLetterBucket: this.#bucket };
    const arn = await createTableChannel(channels.endpoint, table, streamArn, wanted);
    assert.equal(await settledStatus(channels.endpoint, arn), "ACTIVE");
    return table;
  }

  /** Until the server is gone. */
  async #put(endpoint: string): Promise<void> {
    const connection = new KinesisConnection(endpoint);
    try {
      for (;;) {
        const texts = Array.from({ length: this.#random.integer(1, 60) }, () =>
          JSON.stringify({ number: this.#next++ }),
        );
        for (const text of texts) this.#unknown.add(text);
        const Records = texts.map((text) => ({ Data: Buffer.from(text).toString("base64"), PartitionKey: text }));
        const { Records: stored } = await connection.call<{
          readonly Records: readonly { readonly SequenceNumber?: string }[];
        }>("PutRecords", { StreamName, Records });
        for (const [i, text] of texts.entries()) {
          if (stored[i]?.SequenceNumber === undefined) continue;
          this.#unknown.delete(text);
          this.#acknowledged.add(text);
        }
        await pause(this.#random.integer(0, 20));
      }
    } catch (error) {
      if (!(error instanceof LostCall)) throw error;
    } finally {
      connection.close();
    }
  }

  async #judge(channelId: string): Promise<void> {
    const lines = async () => await deliveredLines(this.#store, this.#bucket, channelId);
    await until(async () => new Set(await lines()).size >= this.#acknowledged.size);
    // What was put without an answer may follow.
    await pause(3_000);
    this.#judgeTexts(await lines(), `channel ${channelId}`);
  }

  async #judgeTable(seaweed: SeaweedServer, table: string): Promise<void> {
    await untilRows(seaweed, table, this.#acknowledged.size);
    await pause(3_000);
    const [read] = await readTables(seaweed, [`lake.${table}`]);
    const texts = read?.files.flat().map(({ number }) => JSON.stringify({ number })) ?? [];
    this.#judgeTexts(texts, `table ${table}`);
  }

  #judgeTexts(texts: readonly string[], where: string): void {
    const counts = new Map<string, number>();
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    for (const [text, count] of counts) {
      assert.equal(count, 1, `${text} is ${count} times in ${where}`);
      assert(this.#acknowledged.has(text) || this.#unknown.has(text), text);
    }
    for (const text of this.#acknowledged) assert(counts.has(text), `${text} is not in ${where}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      store: { type: "string", default: "seaweedfs" },
      rounds: { type: "string", default: "100" },
      seed: { type: "string", default: `${Date.now() % 2 ** 32}` },
    },
  });
  const { store, rounds, seed } = values;
  console.log(`channels: ${store}, seed ${seed}`);
  const options = { store: storeKind(store), rounds: Number(rounds), seed: Number(seed), report: console.log };
  console.log(`channels: ${await channelKillNine(options)} records, each once for each channel`);
}
