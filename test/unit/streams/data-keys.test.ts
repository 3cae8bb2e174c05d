import assert from "node:assert/strict";
import { test } from "node:test";
import { currentDataKey, pruneDataKeys, startEncrypting, stopEncrypting } from "../../../src/streams/data-keys.ts";
import { decodeStream, encodeStream } from "../../../src/streams/stream-document.ts";
import { streamOf } from "./stream-of.ts";

const dayMs = 86_400_000;
const made = (keyId: string) => ({ keyId, wrapped: Buffer.from(keyId).toString("base64") });

test("a new data key becomes the one that encrypts records, and earlier ones stay for reading", () => {
  const first = startEncrypting(streamOf(1), made("alias/a"), 1_000);
  assert.deepEqual(first.encryption, { keyId: "alias/a", dataKey: 1 });
  assert.equal(currentDataKey(first)?.keyId, "alias/a");
  const second = startEncrypting(first, made("alias/b"), 2_000);
  assert.deepEqual(second.encryption, { keyId: "alias/b", dataKey: 2 });
  assert.deepEqual(second.dataKeys, [
    { number: 1, ...made("alias/a"), madeMs: 1_000, supersededMs: 2_000 },
    { number: 2, ...made("alias/b"), madeMs: 2_000 },
  ]);
  assert.deepEqual(decodeStream(encodeStream(second)), second);
});

test("a stream that stops encrypting keeps its keys, and numbers go on when it starts again", () => {
  const stopped = stopEncrypting(startEncrypting(streamOf(1), made("alias/a"), 1_000), 2_000);
  assert.equal(stopped.encryption, undefined);
  assert.equal(currentDataKey(stopped), undefined);
  assert.equal(stopped.dataKeys?.[0]?.supersededMs, 2_000);
  const again = startEncrypting(stopped, made("alias/a"), 3_000);
  assert.deepEqual(
    again.dataKeys?.map(({ number, supersededMs }) => [number, supersededMs]),
    [
      [1, 2_000],
      [2, undefined],
    ],
  );
});

test("a key goes a year and a day after its last use, and the present one never", () => {
  const stream = startEncrypting(startEncrypting(streamOf(1), made("alias/a"), 0), made("alias/b"), dayMs);
  assert.equal(pruneDataKeys(stream, 367 * dayMs), stream);
  const pruned = pruneDataKeys(stream, 367 * dayMs + 1);
  assert.deepEqual(
    pruned.dataKeys?.map(({ number }) => number),
    [2],
  );
  assert.equal(pruneDataKeys(pruned, 10_000 * dayMs), pruned);
  const stopped = stopEncrypting(pruned, 400 * dayMs);
  assert.equal("dataKeys" in pruneDataKeys(stopped, 800 * dayMs), false);
});

test("a document of an earlier server names no data key", () => {
  const stream = streamOf(1, { encryption: { keyId: "alias/a" } });
  assert.equal(currentDataKey(stream), undefined);
  assert.deepEqual(stopEncrypting(stream, 1_000), streamOf(1, { settingsEpoch: 1 }));
  assert.equal(startEncrypting(stream, made("alias/a"), 1_000).encryption?.dataKey, 1);
});
