import assert from "node:assert/strict";
import type { Credential } from "../../../src/auth/credential.ts";
import { type RawAnswer, RawConnection } from "../../support/raw-connection.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { type SignedRequest, signRequest } from "../../support/signed-request.ts";
import { startVerified } from "../../support/verified-server.ts";
import { type Forgery, forge, guess, signQuery, splice } from "./forgery.ts";

export interface ForgeManyOptions {
  readonly count: number;
  readonly seed: number;
  /** Told now and then how many are done. */
  readonly report?: (count: number) => void;
}

const alice: Credential = {
  accessKeyId: "AKIDALICE",
  secretAccessKey: "alice's",
  account: "111111111111",
  user: "alice",
};
const temporary: Credential = {
  ...{ accessKeyId: "ASIATEMPORARY", secretAccessKey: "temporary", account: "111111111111" },
  sessionToken: "FwoGZXIvYXdzEBYaD+/token==",
};
const mallory: Credential = { accessKeyId: "AKIDMALLORY", secretAccessKey: "mallory", account: "222222222222" };

const connectionCount = 8;
/** One valid request among so many forged ones, so that "all refused" is not said of a server that refuses everything. */
const validEvery = 100;
const spliceShare = 0.03;
const guessShare = 0.03;

/**
 * Sends changed copies of valid requests, most of which would write, over HTTP: each must be refused with a type that fits,
 * and at the end the server must hold what the valid ones left and nothing else. Returns how often each change was tried.
 */
export async function forgeMany({ count, seed, report }: ForgeManyOptions): Promise<ReadonlyMap<string, number>> {
  await using server = await startVerified([alice, temporary, mallory]);
  // A connection for each call: the server closes one that is idle for as long as a million forgeries take.
  const call: Call = async (name, input) => {
    const connection = await RawConnection.open(server.port);
    const request = signRequest(alice, JSON.stringify(input), { target: `Kinesis_20131202.${name}` });
    return await connection.send(request).finally(() => connection.close());
  };
  accepted(await call("CreateStream", { StreamName: "orders", ShardCount: 1 }));
  while (!(await isActive(call))) await new Promise((resolve) => setImmediate(resolve));

  const before = await stateOf(call);
  const originals = originalsOf();
  const random = new SeededRandom(seed);
  const tried = new Map<string, number>();
  let sentCount = 0;
  let writtenCount = 0;
  const work = async (connection: RawConnection): Promise<void> => {
    while (sentCount < count) {
      sentCount += 1;
      const number = sentCount;
      if (number % 10_000 === 0) report?.(number);
      if (number % validEvery === 0) {
        accepted(await connection.send(signRequest(alice, putBody(number), { target: "Kinesis_20131202.PutRecord" })));
        writtenCount += 1;
      }
      const forgery = nextForgery(originals, random);
      tried.set(forgery.name, (tried.get(forgery.name) ?? 0) + 1);
      refused(forgery, await connection.send(forgery.request), seed);
    }
  };
  const connections = await Promise.all(Array.from({ length: connectionCount }, () => RawConnection.open(server.port)));
  try {
    await Promise.all(connections.map(work));
    assert.deepEqual(await stateOf(call), before);
    assert.equal(await countRecords(call), writtenCount);
    const [connection] = connections;
    for (const original of originals.filter(isReadOnly)) {
      if (connection !== undefined) accepted(await connection.send(original));
    }
  } finally {
    for (const connection of connections) connection.close();
  }
  return tried;
}

type Call = (name: string, input: object) => Promise<RawAnswer>;

function originalsOf(): readonly SignedRequest[] {
  const target = (name: string) => ({ target: `Kinesis_20131202.${name}` });
  const custom = { headers: { "x-custom": "a custom header" } };
  const put = putBody(0);
  const create = JSON.stringify({ StreamName: "forged", ShardCount: 1 });
  const remove = JSON.stringify({ StreamName: "orders" });
  const tags = JSON.stringify({ StreamName: "orders", Tags: { team: "forged" } });
  const large = JSON.stringify({ StreamName: "orders", PartitionKey: "p", Data: "QUJD".repeat(5_000) });
  return [
    signRequest(alice, put, { ...target("PutRecord"), ...custom }),
    signRequest(alice, create, target("CreateStream")),
    signRequest(alice, remove, { ...target("DeleteStream"), ...custom }),
    signRequest(alice, large, target("PutRecord")),
    signRequest(temporary, put, { ...target("PutRecord"), ...custom }),
    signRequest(temporary, tags, target("AddTagsToStream")),
    signRequest(alice, '{"Limit":10}', { ...target("ListStreams"), ...custom }),
    signQuery(alice, put, target("PutRecord").target),
    signQuery(temporary, create, target("CreateStream").target),
    signQuery(alice, '{"Limit":10}', target("ListStreams").target),
  ];
}

function isReadOnly({ headers }: SignedRequest): boolean {
  return headers["x-amz-target"]?.endsWith(".ListStreams") === true;
}

function nextForgery(originals: readonly SignedRequest[], random: SeededRandom): Forgery {
  const pick = (): SignedRequest => originals[random.integer(0, originals.length - 1)] ?? signRequest(alice, "{}");
  const choice = random.next();
  const spliced = choice < spliceShare ? splice(pick(), pick()) : undefined;
  if (spliced !== undefined) return spliced;
  return choice < spliceShare + guessShare ? guess(alice, pick(), random) : forge(pick(), random);
}

function refused({ name, request, types }: Forgery, answer: RawAnswer, seed: number): void {
  if (answer.status === 400 && types.includes(answer.type)) return;
  const { url, headers } = request;
  const given = JSON.stringify({ url, headers, body: request.body.toString("utf8").slice(0, 200) });
  assert.fail(`${name} got ${answer.status} ${answer.type} ${answer.message} (seed ${seed}): ${given}`);
}

function accepted(answer: RawAnswer): RawAnswer {
  assert.equal(answer.status, 200, `${answer.type}: ${answer.message}`);
  return answer;
}

function putBody(number: number): string {
  const data = Buffer.from(`record ${number}`).toString("base64");
  return JSON.stringify({ StreamName: "orders", PartitionKey: "key", Data: data });
}

async function isActive(call: Call): Promise<boolean> {
  const { json } = accepted(await call("DescribeStreamSummary", { StreamName: "orders" }));
  return (json["StreamDescriptionSummary"] as { readonly StreamStatus: string }).StreamStatus === "ACTIVE";
}

/** All that a forged request could have changed, but for records. */
async function stateOf(call: Call): Promise<object> {
  const { json: list } = accepted(await call("ListStreams", {}));
  const { json: described } = accepted(await call("DescribeStream", { StreamName: "orders" }));
  const { json: tags } = accepted(await call("ListTagsForStream", { StreamName: "orders" }));
  return { list, described, tags };
}

async function countRecords(call: Call): Promise<number> {
  const place = { StreamName: "orders", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  let iterator = accepted(await call("GetShardIterator", place)).json["ShardIterator"];
  for (let count = 0; ; ) {
    const { json } = accepted(await call("GetRecords", { ShardIterator: iterator }));
    count += (json["Records"] as readonly unknown[]).length;
    iterator = json["NextShardIterator"];
    if (json["MillisBehindLatest"] === 0) return count;
  }
}
