import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DocumentStore, VersionedDocument, WatchEvent } from "../../../src/engine/document-store.ts";
import { type EngineTest, rejectsAs } from "./engine-under-test.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (document: VersionedDocument | undefined): string | undefined =>
  document === undefined ? undefined : Buffer.from(document.value).toString();

export function documentStoreContract(engineTest: EngineTest): void {
  engineTest("get() answers undefined for a key that was never written", async ({ engine }) => {
    assert.equal(await engine.documents.get("streams/none"), undefined);
    assert.equal(await engine.documents.get("streams/none"), undefined);
    assert.deepEqual(await engine.documents.list("streams/"), []);
  });

  engineTest("compareAndSwap() writes, replaces, deletes and writes again under growing revisions", async (subject) => {
    const { documents } = subject.engine;
    const first = await documents.compareAndSwap("a", bytes("1"), 0n);
    assert(first > 0n);
    assert.deepEqual(await documents.get("a"), { ...(await documents.get("a")), key: "a", revision: first });
    assert.equal(text(await documents.get("a")), "1");
    const second = await documents.compareAndSwap("a", bytes("2"), first);
    const other = await documents.compareAndSwap("b", bytes("b"), 0n);
    const gone = await documents.compareAndSwap("a", null, second);
    assert.equal(await documents.get("a"), undefined);
    assert.equal(await documents.get("a"), undefined);
    const again = await documents.compareAndSwap("a", bytes("3"), 0n);
    assert.equal(text(await documents.get("a")), "3");
    const revisions = [first, second, other, gone, again];
    assert.deepEqual(
      revisions,
      revisions.toSorted((left, right) => (left < right ? -1 : 1)),
    );
    assert.equal(new Set(revisions).size, 5);
  });

  engineTest("compareAndSwap() refuses another revision and changes nothing", async ({ engine: { documents } }) => {
    const first = await documents.compareAndSwap("a", bytes("1"), 0n);
    const second = await documents.compareAndSwap("a", bytes("2"), first);
    for (const expected of [0n, first, second + 1_000n]) {
      await rejectsAs("conflict", documents.compareAndSwap("a", bytes("wrong"), expected));
      await rejectsAs("conflict", documents.compareAndSwap("a", null, expected));
    }
    await rejectsAs("conflict", documents.compareAndSwap("missing", bytes("wrong"), second));
    await rejectsAs("conflict", documents.compareAndSwap("missing", null, second));
    assert.equal(text(await documents.get("a")), "2");
    assert.equal((await documents.get("a"))?.revision, second);
    const gone = await documents.compareAndSwap("a", null, second);
    await rejectsAs("conflict", documents.compareAndSwap("a", bytes("wrong"), second));
    await rejectsAs("conflict", documents.compareAndSwap("a", bytes("wrong"), gone));
    assert.equal(await documents.get("a"), undefined);
  });

  engineTest("compareAndSwap() lets exactly one of several rivals win", async ({ engine: { documents } }) => {
    let expected = 0n;
    for (let round = 0; round < 5; round++) {
      const rivals = Array.from({ length: 16 }, (_, rival) =>
        documents.compareAndSwap("a", bytes(`rival ${rival}`), expected),
      );
      const outcomes = await Promise.allSettled(rivals);
      const winners = outcomes.flatMap((outcome, rival) =>
        outcome.status === "fulfilled" ? [{ rival, ...outcome }] : [],
      );
      assert.equal(winners.length, 1);
      for (const rival of rivals) await rival.catch((error: unknown) => rejectsAs("conflict", Promise.reject(error)));
      assert.equal(text(await documents.get("a")), `rival ${winners[0]?.rival}`);
      expected = winners[0]?.value ?? 0n;
    }
  });

  engineTest("compareAndSwap() has copied the value when it returns its promise", async ({ engine: { documents } }) => {
    const value = bytes("kept as it was");
    const swap = documents.compareAndSwap("a", value, 0n);
    value.fill(0);
    await swap;
    assert.equal(text(await documents.get("a")), "kept as it was");
  });

  engineTest(
    "the catalog keeps empty and large documents and keys of many letters",
    async ({ engine: { documents } }) => {
      const large = Buffer.alloc(1_000_000, "large");
      await documents.compareAndSwap("empty", new Uint8Array(), 0n);
      await documents.compareAndSwap("large", large, 0n);
      const key = `streams/000000000000/us-east-1/${"n".repeat(128)}`;
      await documents.compareAndSwap(key, bytes("long"), 0n);
      assert.equal((await documents.get("empty"))?.value.byteLength, 0);
      assert.equal(Buffer.compare((await documents.get("large"))?.value ?? new Uint8Array(), large), 0);
      assert.equal(text(await documents.get(key)), "long");
    },
  );

  engineTest("list() returns the documents under a prefix in key order", async ({ engine: { documents } }) => {
    for (const key of ["s/b", "s/a", "t/a", "s/aa", "s", "s/B", "s/a-1", "s/a.1"]) {
      await documents.compareAndSwap(key, bytes(key), 0n);
    }
    const gone = await documents.compareAndSwap("s/gone", bytes("x"), 0n);
    await documents.compareAndSwap("s/gone", null, gone);
    const listed = await documents.list("s/");
    assert.deepEqual(
      listed.map(({ key }) => key),
      ["s/B", "s/a", "s/a-1", "s/a.1", "s/aa", "s/b"],
    );
    for (const document of listed) {
      assert.equal(text(document), document.key);
      assert.equal(document.revision, (await documents.get(document.key))?.revision);
    }
    assert.equal((await documents.list("")).length, 8);
    assert.deepEqual(await documents.list("s/c"), []);
  });

  engineTest(
    "watch() tells the present state, then synced, then each change in order",
    async ({ engine: { documents } }) => {
      const before = await documents.compareAndSwap("s/a", bytes("1"), 0n);
      await documents.compareAndSwap("other", bytes("x"), 0n);
      const watcher = watch(documents, "s/", new AbortController().signal);
      assert.deepEqual(await take(watcher, 2), ["put s/a 1", "synced"]);
      const changed = await documents.compareAndSwap("s/a", bytes("2"), before);
      await documents.compareAndSwap("s/b", bytes("3"), 0n);
      await documents.compareAndSwap("unrelated", bytes("x"), 0n);
      const gone = await documents.compareAndSwap("s/a", null, changed);
      await documents.compareAndSwap("s/a", bytes("4"), 0n);
      assert.deepEqual(await take(watcher, 4), ["put s/a 2", "put s/b 3", `delete s/a ${gone}`, "put s/a 4"]);
    },
  );

  engineTest("watch() wakes each waiting watcher by the change itself, without any clock", async ({ engine }) => {
    const { documents } = engine;
    const { signal } = new AbortController();
    const watchers = [watch(documents, "s/", signal), watch(documents, "", signal)];
    for (const watcher of watchers) assert.deepEqual(await take(watcher, 1), ["synced"]);
    const waiting = watchers.map((watcher) => take(watcher, 1));
    await nextTurn();
    await documents.compareAndSwap("s/a", bytes("1"), 0n);
    for (const events of await Promise.all(waiting)) assert.deepEqual(events, ["put s/a 1"]);
  });

  engineTest(
    "watch() ends quietly at an abort, before the start or while waiting",
    async ({ engine: { documents } }) => {
      const before = new AbortController();
      before.abort();
      assert.equal((await watch(documents, "", before.signal).next()).done, true);
      const during = new AbortController();
      const watcher = watch(documents, "", during.signal);
      assert.deepEqual(await take(watcher, 1), ["synced"]);
      const waiting = watcher.next();
      await nextTurn();
      during.abort();
      assert.equal((await waiting).done, true);
      await documents.compareAndSwap("a", bytes("1"), 0n);
    },
  );

  engineTest("watch() loses no change between the state and what follows", async ({ engine: { documents } }) => {
    const { signal } = new AbortController();
    const keys = ["s/a", "s/b", "s/c"];
    const changeCount = 40;
    const writers = keys.map(async (key) => {
      let revision = 0n;
      for (let change = 0; change < changeCount; change++) {
        revision = await documents.compareAndSwap(key, bytes(`${change}`), revision);
        if (change % 4 === 0) await nextTurn();
      }
    });
    const watchers = Array.from({ length: 8 }, async (_, late) => {
      for (let turn = 0; turn < late; turn++) await nextTurn();
      const seen = new Map<string, number[]>(keys.map((key) => [key, []]));
      const finished = () => [...seen.values()].every((changes) => changes.at(-1) === changeCount - 1);
      for await (const event of documents.watch("s/", signal)) {
        if (event.kind === "put") seen.get(event.document.key)?.push(Number(text(event.document)));
        if (finished()) return seen;
      }
      return assert.fail("the watch ended by itself");
    });
    await Promise.all(writers);
    for (const seen of await Promise.all(watchers)) {
      for (const changes of seen.values()) {
        const first = changes[0] ?? assert.fail("every key is seen");
        assert.deepEqual(
          changes,
          Array.from({ length: changeCount - first }, (_, index) => first + index),
        );
      }
    }
  });

  engineTest("watch() rejects as closed when the engine closes", async ({ engine }) => {
    const watcher = watch(engine.documents, "", new AbortController().signal);
    assert.deepEqual(await take(watcher, 1), ["synced"]);
    const waiting = watcher.next();
    await nextTurn();
    await Promise.all([rejectsAs("closed", waiting), engine.close()]);
  });
}

function watch(catalog: DocumentStore, prefix: string, signal: AbortSignal): AsyncIterator<WatchEvent, undefined> {
  return catalog.watch(prefix, signal)[Symbol.asyncIterator]();
}

/** The next events, in words. */
async function take(watcher: AsyncIterator<WatchEvent, undefined>, count: number): Promise<readonly string[]> {
  const events: string[] = [];
  while (events.length < count) {
    const { value } = await watcher.next();
    assert(value !== undefined, "the watch goes on");
    if (value.kind === "put") events.push(`put ${value.document.key} ${text(value.document)}`);
    else events.push(value.kind === "delete" ? `delete ${value.key} ${value.revision}` : value.kind);
  }
  return events;
}
