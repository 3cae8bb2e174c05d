import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EngineError, type EngineErrorKind } from "../../../src/engine/engine-error.ts";
import { StreamRegistry } from "../../../src/registry/stream-registry.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { encodeStream, streamDocumentKey } from "../../../src/streams/stream-document.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";
import { ScriptedDocumentStore } from "./scripted-document-store.ts";

const stream = streamOf(2);
const { account, region, name } = stream;
const key = streamDocumentKey(account, region, name);

interface Opened {
  readonly documents: ScriptedDocumentStore;
  readonly clock: SimulatedClock;
  readonly registry: StreamRegistry;
  /** The tag `version` of each reported revision. */
  readonly reported: (string | undefined)[];
}

async function opened(documents = new ScriptedDocumentStore()): Promise<Opened> {
  const clock = new SimulatedClock();
  const reported: (string | undefined)[] = [];
  const registry = new StreamRegistry(documents, clock, (revision) => reported.push(revision.stream.tags["version"]));
  await registry.open();
  return { documents, clock, registry, reported };
}

function version(number: number, changes: Partial<Stream> = {}): Stream {
  return { ...stream, tags: { version: String(number) }, ...changes };
}

function found(registry: StreamRegistry): string | undefined {
  return registry.find(account, region, name)?.stream.tags["version"];
}

test("open() has every document in memory, and the watch brings what others change", async () => {
  const documents = new ScriptedDocumentStore();
  documents.change(key, encodeStream(version(1)));
  const { registry, reported } = await opened(documents);
  assert.equal(found(registry), "1");
  documents.emit(documents.change(key, encodeStream(version(2))));
  await nextTurn();
  assert.equal(found(registry), "2");
  documents.emit(documents.change(key, null));
  await nextTurn();
  assert.equal(found(registry), undefined);
  assert.deepEqual(reported, ["1", "2"]);
  await registry.close();
});

test("open() rejects when a document cannot be read", async () => {
  const documents = new ScriptedDocumentStore();
  documents.change(key, Buffer.from('{"v":2}'));
  await assert.rejects(opened(documents), /version 2/);
});

test("a change of our own is known at once and reported once, although the watch reports it too", async () => {
  const { documents, registry, reported } = await opened();
  const revision = await registry.create(version(1));
  const next = await registry.replace(revision, version(2));
  assert.equal(registry.current(revision), next);
  for (const document of await documents.list(key)) documents.emit({ kind: "put", document });
  await nextTurn();
  assert.equal(registry.current(revision), next, "the same object as before");
  assert.deepEqual(reported, ["1", "2"]);
  await assert.rejects(registry.replace(revision, version(3)), { kind: "conflict" });
  await registry.close();
});

for (const kind of ["unavailable", "throttled"] satisfies EngineErrorKind[]) {
  test(`a watch that breaks off as ${kind} begins again after a pause and returns what it missed`, async () => {
    const documents = new ScriptedDocumentStore();
    const goneKey = streamDocumentKey(account, region, "gone");
    documents.change(goneKey, encodeStream(version(1, { name: "gone", id: "stream-gone" })));
    documents.change(key, encodeStream(version(1)));
    const { registry, clock } = await opened(documents);
    documents.emit(new EngineError(kind, "The connection is lost."));
    documents.change(key, encodeStream(version(2)));
    documents.change(goneKey, null);
    await nextTurn();
    assert.equal(documents.watchCount, 1, "not at once: a documents that stays away must not be asked in a loop");
    await clock.runUntilIdle();
    assert.equal(documents.watchCount, 2);
    assert.equal(found(registry), "2");
    assert.equal(registry.find(account, region, "gone"), undefined);
    await registry.close();
  });
}

test("late news of an older revision does not revive a stream that was deleted here", async () => {
  const { documents, registry, reported } = await opened();
  const revision = await registry.create(version(1));
  const [document] = await documents.list(key);
  assert(document !== undefined);
  await registry.remove(revision);
  documents.emit({ kind: "put", document });
  await nextTurn();
  assert.equal(found(registry), undefined);
  const again = await registry.create(version(2, { id: "stream-2" }));
  documents.emit({ kind: "delete", key, revision: again.revision - 1n });
  await nextTurn();
  assert.equal(found(registry), "2", "nor does late news of the deletion take its successor away");
  assert.deepEqual(reported, ["1", "2"]);
  await registry.close();
});

test("an answer that comes behind the news of a deletion does not revive the stream", async () => {
  const { documents, registry } = await opened();
  const answer = documents.holdSwaps();
  const creating = registry.create(version(1));
  const [document] = await documents.list(key);
  assert(document !== undefined);
  documents.emit({ kind: "put", document }, documents.change(key, null));
  await nextTurn();
  answer();
  const revision = await creating;
  assert.equal(found(registry), undefined);
  assert.equal(registry.current(revision), undefined);
  documents.emit(documents.change(key, encodeStream(version(2))));
  await nextTurn();
  assert.equal(found(registry), "2", "what comes later is believed");
  await registry.close();
});

test("a deletion that is answered late does not take away the stream that was made since", async () => {
  const { documents, registry } = await opened();
  const revision = await registry.create(version(1));
  const answer = documents.holdSwaps();
  const removing = registry.remove(revision);
  documents.emit({ kind: "delete", key, revision: revision.revision + 1n });
  documents.emit(documents.change(key, encodeStream(version(2, { id: "stream-2" }))));
  await nextTurn();
  answer();
  await removing;
  assert.equal(found(registry), "2");
  await registry.close();
});

test("superseded() resolves with the next revision or the end of the stream, and gives up with its signal", async () => {
  const { registry } = await opened();
  const never = new AbortController().signal;
  const first = await registry.create(version(1));
  const waiting = registry.superseded(first, never);
  const second = await registry.replace(first, version(2));
  assert.equal(await waiting, true);
  assert.equal(await registry.superseded(first, never), true, "it is so already");

  const giveUp = new AbortController();
  const givenUp = registry.superseded(second, giveUp.signal);
  const patient = registry.superseded(second, never);
  giveUp.abort();
  assert.equal(await givenUp, false);
  assert.equal(await registry.superseded(second, giveUp.signal), false);
  await registry.remove(second);
  assert.equal(await patient, true);
  await registry.close();
});

test("current() does not take a stream made again under the name for the one that is gone", async () => {
  const { registry } = await opened();
  const first = await registry.create(version(1));
  await registry.remove(first);
  const second = await registry.create(version(2, { id: "stream-2" }));
  assert.equal(registry.current(first), undefined);
  assert.equal(registry.current(second), second);
  assert.deepEqual([...registry.inRegion(account, region)], [second]);
  assert.deepEqual([...registry.inRegion(account, "us-east-1")], []);
  await registry.close();
});

test("inTurn() runs changes of one stream one after the other, also behind one that failed", async () => {
  const { registry } = await opened();
  const revision = await registry.create(version(1));
  const order: number[] = [];
  const results = await Promise.allSettled(
    [1, 2, 3].map((turn) =>
      registry.inTurn(revision, async () => {
        order.push(turn);
        await nextTurn();
        order.push(-turn);
        if (turn === 2) throw new Error("no");
      }),
    ),
  );
  assert.deepEqual(order, [1, -1, 2, -2, 3, -3]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  await registry.close();
});

test("a registry whose watch was interrupted has not caught up until another watch is synced", async () => {
  class SharedStore extends ScriptedDocumentStore {
    async catchUp(): Promise<void> {}
  }
  const documents = new SharedStore();
  const { clock, registry } = await opened(documents);
  assert.equal(await registry.catchUp(), true);
  documents.emit(new EngineError("unavailable", "cut off"));
  await nextTurn();
  const catchingUp = registry.catchUp();
  let hasCaughtUp: boolean | undefined;
  void catchingUp.then((result) => {
    hasCaughtUp = result;
  });
  await nextTurn();
  assert.equal(hasCaughtUp, undefined);
  await clock.advance(100);
  await clock.advance(100);
  assert.equal(await catchingUp, true);
  await registry.close();
});

test("a registry that is cut off says that it has not caught up, when its time is over", async () => {
  class SilentStore extends ScriptedDocumentStore {
    catchUp(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const { clock, registry } = await opened(new SilentStore());
  const catchingUp = registry.catchUp(1_000);
  await nextTurn();
  await clock.advance(1_000);
  assert.equal(await catchingUp, false);
  await registry.close();
});
