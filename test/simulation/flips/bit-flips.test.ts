import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFormatFile } from "../../../src/engine/embedded/format/format-file.ts";
import {
  decodeRows,
  decodeTrailer,
  indexPointBytes,
  rowBytes,
  trailerBytes,
} from "../../../src/engine/embedded/format/segment-file.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "../../support/embedded-engine.ts";
import { runApart } from "../../support/run-apart.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import type { FlipCounts, flipEverywhere } from "./flip-everywhere.ts";
import { rules } from "./flip-rules.ts";

// `npm run test:disk -- --flips` flips every bit of every byte.
async function flipSample(isEncrypted: boolean): Promise<FlipCounts> {
  const { href } = new URL("./flip-everywhere.ts", import.meta.url);
  return await runApart<typeof flipEverywhere>(href, "flipEverywhere", { bits: "sample", isEncrypted });
}

test("a flipped bit in a closed directory is refused, returned as an error or reported, and found by verify", async (t) => {
  const { places, outcomes } = await flipSample(false);
  t.diagnostic(JSON.stringify([Object.fromEntries(places), outcomes]));
  const others = Object.keys(rules).filter((place) => place !== "directoryKey");
  assert.deepEqual([...places.keys()].sort(), others.sort());
});

test("a flipped bit of any place in a closed encrypted directory comes to the same ends, with its key or without", async (t) => {
  const { places, outcomes } = await flipSample(true);
  t.diagnostic(JSON.stringify([Object.fromEntries(places), outcomes]));
  assert.deepEqual([...places.keys()].sort(), Object.keys(rules).sort());
});

test("a flipped bit in the points of a long extent answers reads of it with an error, and is found by verify", async () => {
  const disk = new SimulatedDisk();
  const options = { walFileBytes: 256 * 1024, tailWindowBytes: 0, compaction: eagerCompaction };
  const engine = await openSmallEngine(disk, options);
  const shard = await makeShard(engine);
  for (let index = 0; index < 60; index++) await store(engine, shard, `${index}`.padEnd(5_000, "x"));
  await engine.settled();
  await engine.close();
  const path = disk.paths().find((name) => name.endsWith(".segment")) ?? assert.fail("a file was sealed");
  const bytes = disk.bytesOf(path);
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const { rowsOffset: rowsAt } =
    decodeTrailer(bytes.subarray(-trailerBytes), identity) ?? assert.fail("it has a trailer");
  const [row] = decodeRows(bytes.subarray(rowsAt, rowsAt + rowBytes));
  const pointsAt = row?.pointsOffset ?? assert.fail("it has a row");
  assert(rowsAt - pointsAt >= 2 * indexPointBytes, "the extent has more than one point");
  for (let at = pointsAt; at < rowsAt; at++) {
    const spoilt = disk.crash("lose");
    spoilt.flip(path, at, 1 << (at & 7));
    assert((await verifyDirectory(spoilt, "/data")).problems.length > 0, `byte ${at}`);
    const again = await openSmallEngine(spoilt, options);
    await assert.rejects(readTexts(again, await makeShard(again)), { kind: "corrupt" }, `byte ${at}`);
    await again.close();
  }
});
