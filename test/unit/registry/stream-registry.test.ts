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
  readonly catalog: ScriptedDocumentStore;
  readonly clock: SimulatedClock;
  readonly directory: StreamRegistry;
  /** The tag `version` of every revision that the directory spoke of. */
  readonly told: (string | undefined)[];
}

async function opened(catalog = new ScriptedDocumentStore()): Promise<Opened> {
  const clock = new SimulatedClock();
  const told: (string | undefined)[] = [];
  const directory = new StreamRegistry(catalog, clock, (revision) => told.push(revision.stream.tags["version"]));
  await directory.open();
  return { catalog, clock, directory, told };
}

function version(number: number, changes: Partial<Stream> = {}): Stream {
  return { ...stream, tags: { version: String(number) }, ...changes };
}

function found(directory: StreamRegistry): string | undefined {
  return directory.find(account, region, name)?.stream.tags["version"];
}

test("open() has every document in memory, and the watch brings what others change", async () => {
  const catalog = new ScriptedDocumentStore();
  catalog.change(key, encodeStream(version(1)));
  const { directory, told } = await opened(catalog);
  assert.equal(found(directory), "1");
  catalog.tell(catalog.change(key, encodeStream(version(2))));
  await nextTurn();
  assert.equal(found(directory), "2");
  catalog.tell(catalog.change(key, null));
  await nextTurn();
  assert.equal(found(directory), undefined);
  assert.deepEqual(told, ["1", "2"]);
  await directory.close();
});

test("open() rejects when a document cannot be read", async () => {
  const catalog = new ScriptedDocumentStore();
  catalog.change(key, Buffer.from('{"v":2}'));
  await assert.rejects(opened(catalog), /version 2/);
});

test("a change of our own is known at once and told once, though the watch tells of it too", async () => {
  const { catalog, directory, told } = await opened();
  const revision = await directory.create(version(1));
  const next = await directory.replace(revision, version(2));
  assert.equal(directory.current(revision), next);
  for (const document of await catalog.list(key)) catalog.tell({ kind: "put", document });
  await nextTurn();
  assert.equal(directory.current(revision), next, "the same object as before");
  assert.deepEqual(told, ["1", "2"]);
  await assert.rejects(directory.replace(revision, version(3)), { kind: "conflict" });
  await directory.close();
});

for (const kind of ["unavailable", "throttled"] satisfies EngineErrorKind[]) {
  test(`a watch that breaks off as ${kind} begins again after a pause and returns what it missed`, async () => {
    const catalog = new ScriptedDocumentStore();
    const goneKey = streamDocumentKey(account, region, "gone");
    catalog.change(goneKey, encodeStream(version(1, { name: "gone", id: "stream-gone" })));
    catalog.change(key, encodeStream(version(1)));
    const { directory, clock } = await opened(catalog);
    catalog.tell(new EngineError(kind, "The connection is lost."));
    catalog.change(key, encodeStream(version(2)));
    catalog.change(goneKey, null);
    await nextTurn();
    assert.equal(catalog.watchCount, 1, "not at once: a catalog that stays away must not be asked in a loop");
    await clock.runUntilIdle();
    assert.equal(catalog.watchCount, 2);
    assert.equal(found(directory), "2");
    assert.equal(directory.find(account, region, "gone"), undefined);
    await directory.close();
  });
}

test("late news of an older revision does not revive a stream that was deleted here", async () => {
  const { catalog, directory, told } = await opened();
  const revision = await directory.create(version(1));
  const [document] = await catalog.list(key);
  assert(document !== undefined);
  await directory.remove(revision);
  catalog.tell({ kind: "put", document });
  await nextTurn();
  assert.equal(found(directory), undefined);
  const again = await directory.create(version(2, { id: "stream-2" }));
  catalog.tell({ kind: "delete", key, revision: again.revision - 1n });
  await nextTurn();
  assert.equal(found(directory), "2", "nor does late news of the deletion take its successor away");
  assert.deepEqual(told, ["1", "2"]);
  await directory.close();
});

test("an answer that comes behind the news of a deletion does not revive the stream", async () => {
  const { catalog, directory } = await opened();
  const answer = catalog.holdAnswers();
  const creating = directory.create(version(1));
  const [document] = await catalog.list(key);
  assert(document !== undefined);
  catalog.tell({ kind: "put", document }, catalog.change(key, null));
  await nextTurn();
  answer();
  const revision = await creating;
  assert.equal(found(directory), undefined);
  assert.equal(directory.current(revision), undefined);
  catalog.tell(catalog.change(key, encodeStream(version(2))));
  await nextTurn();
  assert.equal(found(directory), "2", "what comes later is believed");
  await directory.close();
});

test("a deletion that is answered late does not take away the stream that was made since", async () => {
  const { catalog, directory } = await opened();
  const revision = await directory.create(version(1));
  const answer = catalog.holdAnswers();
  const removing = directory.remove(revision);
  catalog.tell({ kind: "delete", key, revision: revision.revision + 1n });
  catalog.tell(catalog.change(key, encodeStream(version(2, { id: "stream-2" }))));
  await nextTurn();
  answer();
  await removing;
  assert.equal(found(directory), "2");
  await directory.close();
});

test("superseded() resolves with the next revision or the end of the stream, and gives up with its signal", async () => {
  const { directory } = await opened();
  const never = new AbortController().signal;
  const first = await directory.create(version(1));
  const waiting = directory.superseded(first, never);
  const second = await directory.replace(first, version(2));
  assert.equal(await waiting, true);
  assert.equal(await directory.superseded(first, never), true, "it is so already");

  const giveUp = new AbortController();
  const givenUp = directory.superseded(second, giveUp.signal);
  const patient = directory.superseded(second, never);
  giveUp.abort();
  assert.equal(await givenUp, false);
  assert.equal(await directory.superseded(second, giveUp.signal), false);
  await directory.remove(second);
  assert.equal(await patient, true);
  await directory.close();
});

test("current() does not take a stream made again under the name for the one that is gone", async () => {
  const { directory } = await opened();
  const first = await directory.create(version(1));
  await directory.remove(first);
  const second = await directory.create(version(2, { id: "stream-2" }));
  assert.equal(directory.current(first), undefined);
  assert.equal(directory.current(second), second);
  assert.deepEqual([...directory.inRegion(account, region)], [second]);
  assert.deepEqual([...directory.inRegion(account, "us-east-1")], []);
  await directory.close();
});

test("inTurn() runs changes of one stream one after the other, also behind one that failed", async () => {
  const { directory } = await opened();
  const revision = await directory.create(version(1));
  const order: number[] = [];
  const results = await Promise.allSettled(
    [1, 2, 3].map((turn) =>
      directory.inTurn(revision, async () => {
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
  await directory.close();
});
