import type { EmbeddedEngineOptions } from "../../src/engine/embedded/embedded-engine.ts";
import { eagerSealing, makeShard, openSmallEngine, store } from "./embedded-engine.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

/** Of whoever opens it. Nothing is read from memory that was not read from the disk before. */
export const closedDirectoryOptions = {
  walFileBytes: 20 * 1024,
  groupBytesMax: 8 * 1024,
  tailWindowBytes: 0,
  sealing: { ...eagerSealing, ownSegmentBytes: 4_000 },
};

/** Everything that a directory may hold: a manifest, a stream's segments and shared ones, two snapshots, files of the log. */
export async function closedDirectory(
  engineOptions: Partial<EmbeddedEngineOptions> = closedDirectoryOptions,
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, engineOptions);
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  for (let index = 0; index < 6; index++) await store(engine, a, `${index}`.repeat(1_500));
  await store(engine, b, "one", "two");
  for (let index = 0; index < 2; index++) await store(engine, a, `${index}`.repeat(6_000));
  await engine.catalog.compareAndSwap("key", Buffer.from('{"a":1}'), 0n);
  await engine.settled();
  await engine.close();
  return disk.crash("lose");
}
