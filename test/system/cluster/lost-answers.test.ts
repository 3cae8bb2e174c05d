/** Appends whose answer, or whose message, is lost while another gateway fences their log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { JetStreamApi } from "../../../src/engine/jetstream/api/jetstream-api.ts";
import { ServerConnection } from "../../../src/engine/jetstream/api/server-connection.ts";
import { logSubjects, placementOf } from "../../../src/engine/jetstream/format/subjects.ts";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import { AppendLane } from "../../../src/engine/jetstream/log/append-lane.ts";
import { ShardState } from "../../../src/engine/jetstream/log/shard-state.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { QuietTick } from "../../../src/time/quiet-tick.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";

const prefix = "lost";

/**
 * What becomes of the next message with records: `answer`: stored, and its gateway does not hear of it; `refusal`: refused by a
 * former leader that does not know what is on the fence.
 */
type Loss = "answer" | "message" | "refusal";

const refusal = { error: { code: 400, err_code: 10_071, description: "wrong last sequence: 0" } };
const nothing = async (): Promise<void> => undefined;

/** A gateway that loses what a test says, and lets it do something before it tries again. */
class LossyGateway {
  readonly #lane: AppendLane;
  #loss: Loss | undefined;
  #attemptsBefore = 0;
  #meanwhile: () => Promise<unknown> = nothing;

  constructor(connection: ServerConnection, shard: ShardRef) {
    const subjects = logSubjects({ prefix }, shard.streamId, placementOf(shard));
    const lossy = {
      isClosed: false,
      request: async (...args: Parameters<ServerConnection["request"]>) => {
        const loss = args[0] === subjects.records ? this.#loss : undefined;
        if (loss === undefined || this.#attemptsBefore-- > 0) return await connection.request(...args);
        this.#loss = undefined;
        if (loss === "answer") await connection.request(...args);
        await this.#meanwhile();
        return loss === "refusal" ? { data: Buffer.from(JSON.stringify(refusal)) } : "unanswered";
      },
      requestMany: (...args: Parameters<ServerConnection["requestMany"]>) => connection.requestMany(...args),
      onClose: (notify: () => void) => connection.onClose(notify),
    } as unknown as ServerConnection;
    const isNoted = async (): Promise<boolean> => true;
    const state = new ShardState({ subjects, title: "the shard", firstSequence: 0, isNoted });
    let idCount = 0;
    const run = Math.random();
    const nextId = (): string => `${run}.${++idCount}`;
    const api = new JetStreamApi(lossy);
    this.#lane = new AppendLane({ api, session: 1n, nextId, nowMs: Date.now, starts: new QuietTick(1) }, state);
  }

  /** The position of the record; 0n: it is fenced. */
  append(text: string, settingsEpoch: number): Promise<bigint> {
    return new Promise((resolve, reject) => {
      this.#lane.add({ count: 1, timeMs: 1, body: Buffer.from(text), settingsEpoch, resolve, reject });
    });
  }

  /** The next attempt but so many is lost. */
  lose(loss: Loss, meanwhile: () => Promise<unknown>, attemptsBefore = 0): void {
    this.#loss = loss;
    this.#attemptsBefore = attemptsBefore;
    this.#meanwhile = meanwhile;
  }
}

test("fear: an append without an answer is stored twice, or not at all, when its log is fenced before the next try", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const { urls } = servers;
  const options = { prefix, nowMs: Date.now, monitorUrls: [], assumesFsync: true, allowsDegraded: true };
  await using stack = new AsyncDisposableStack();
  const engine = new JetStreamEngine({ address: { urls }, ...options });
  await engine.open();
  stack.defer(() => engine.close());
  const { log } = engine;
  const connection = await ServerConnection.open({ urls }, "test");
  stack.defer(() => connection.close());
  const textsOf = async (shard: ShardRef): Promise<readonly string[]> => {
    const { entries } = await log.read(shard, 1n, { entriesMax: 100, bytesMax: 1_000 });
    return entries.map(({ body, position }) => `${Buffer.from(body)} at ${position}`);
  };
  for (const loss of ["answer", "message"] as const) {
    const shard = await log.createShard(loss, 0, { openShardCount: 1 });
    const gateway = new LossyGateway(connection, shard);
    const stored: string[] = [];
    const expectStored = (text: string, position: bigint): void => {
      assert.notEqual(position, 0n, `${text} is stored`);
      stored.push(`${text} at ${position}`);
    };
    // What an older document encodes: it counts if it is stored already, and is not stored later.
    gateway.lose(loss, () => log.fenceBefore(shard, 1));
    const old = await gateway.append("old", 0);
    if (loss === "answer") expectStored("old", old);
    else assert.equal(old, 0n);
    assert.equal(await gateway.append("late", 0), 0n);
    expectStored("first", await gateway.append("first", 1));
    // Behind a message on the fence that the gateway knows, with one and with two new ones before it tries again.
    gateway.lose(loss, () => log.fenceBefore(shard, 2));
    expectStored("second", await gateway.append("second", 2));
    gateway.lose(loss, async () => [await log.fenceBefore(shard, 3), await log.fenceBefore(shard, 4)]);
    expectStored("third", await gateway.append("third", 4));
    gateway.lose("refusal", nothing);
    expectStored("refused", await gateway.append("refused", 4));
    gateway.lose(loss, async () => gateway.lose("refusal", nothing));
    expectStored("lost and refused", await gateway.append("lost and refused", 4));
    // By a gateway that has stored nothing yet, and has just learned what is on the fence.
    const fresh = new LossyGateway(connection, shard);
    fresh.lose(loss, () => log.fenceBefore(shard, 5), 1);
    expectStored("fresh", await fresh.append("fresh", 5));
    expectStored("fourth", await gateway.append("fourth", 5));
    gateway.lose(loss, async () => [await log.fenceBefore(shard, 6), await log.seal(shard, "split")]);
    const last = await gateway.append("last", 6);
    if (loss === "answer") expectStored("last", last);
    else assert.equal(last, 0n);
    assert.deepEqual(await textsOf(shard), stored, "each once, where its writer was told");
  }
});
