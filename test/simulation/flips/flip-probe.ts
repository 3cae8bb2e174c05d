// A copy of the disk with flipped bits is opened as a server would: it may refuse, it may say `corrupt`, and what it says
// otherwise is true. Only the last two groups after a crash may be missing, each of them whole, and the loss is told.
import assert from "node:assert/strict";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { dataDirectory } from "../../support/embedded-engine.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { SimulatedDisk } from "../../support/simulated-disk.ts";
import type { EngineModel } from "../engine-model.ts";
import type { LogModel } from "../log-model.ts";

export interface FlipProbe {
  /** A copy, to be spoilt. */
  readonly disk: SimulatedDisk;
  readonly random: SeededRandom;
  readonly engineOn: (disk: SimulatedDisk) => EmbeddedEngine;
  readonly nowMs: number;
}

const told = /is incomplete and was left out/;

export async function probeFlips(model: EngineModel, { disk, random, engineOn, nowMs }: FlipProbe): Promise<void> {
  model.timePasses(nowMs);
  const paths = disk.paths().filter((path) => disk.lengthOf(path) > 0);
  for (let left = random.integer(1, 2); left > 0; left--) {
    const path = paths[random.integer(0, paths.length - 1)] ?? "";
    const at = random.integer(0, disk.lengthOf(path) - 1);
    model.note(`probe ${path} at ${at}`);
    disk.flip(path, at, 1 << random.integer(0, 7));
  }
  const isFound = await isFoundByVerify(disk);
  const engine = engineOn(disk);
  try {
    await engine.open();
  } catch (error) {
    assert(isRefusal(error), `${error}`);
    assert(isFound, `refused, and verify found nothing: ${error}`);
    return;
  }
  const { degraded } = await engine.health();
  const mayEndEarly = degraded.some((sentence) => told.test(sentence));
  for (const log of model.living) {
    const isWhole = await checkLog(engine, log, mayEndEarly);
    assert(isWhole || isFound, `${log.name} cannot be read, and verify found nothing`);
  }
  if (!mayEndEarly) for (const key of model.documents.keys) model.documents.check(key, await engine.documents.get(key));
  await engine.close();
}

async function isFoundByVerify(disk: SimulatedDisk): Promise<boolean> {
  try {
    return (await verifyDirectory(disk, dataDirectory)).problems.length > 0;
  } catch (error) {
    assert(isRefusal(error), `${error}`);
    return true;
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof EngineError) return error.kind === "corrupt";
  return error instanceof Error && error.name === "DataDirectoryError";
}

/** Every entry that must be there is, or answers `corrupt`. Whether none does. */
async function checkLog(engine: EmbeddedEngine, log: LogModel, mayEndEarly: boolean): Promise<boolean> {
  let isWhole = true;
  for (let from = 1n; ; ) {
    try {
      const page = await engine.log.read(log.ref, from, { entriesMax: 50, bytesMax: 30_000 });
      log.checkEntries(from, page.entries);
      if (page.next >= page.tip) {
        assert(mayEndEarly || page.tip >= log.storedEnd, `${log.name} ends at ${page.tip}, before ${log.storedEnd}`);
        return isWhole;
      }
      from = page.next;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.kind === "not_found" && mayEndEarly) return isWhole;
      assert.equal(error.kind, "corrupt", `${error}`);
      isWhole = false;
      const next = log.entries.find(
        ({ fate, position }) => fate === "stored" && position !== undefined && position > from,
      );
      if (next?.position === undefined) return isWhole;
      from = next.position;
    }
  }
}
