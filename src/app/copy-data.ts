// The composition root of the command that copies between data directories and clusters.
import type { Config, NatsConfig } from "../config/config.ts";
import { type CopyCounts, type CopyDestination, type CopySource, copyStreams } from "../copying/copy-streams.ts";
import type { CopyTarget } from "../engine/copied-log.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { countGateways } from "../gateways/count-gateways.ts";
import { systemClock } from "../time/system-clock.ts";
import { clusterAddressOf, clusterPrefix } from "./cluster-tools.ts";
import { createKeyProvider, rootKeyProviderFor } from "./create-key-provider.ts";

/** A data directory, with what opens it if it is encrypted, or a cluster. */
export type CopyPlace =
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly encryption: Pick<Config, "account" | "region" | "keys" | "encryptAtRest">;
    }
  | { readonly kind: "cluster"; readonly nats: NatsConfig };

export type { CopyCounts };

/**
 * Copies everything but what gateways note about themselves. `counts` grows meanwhile. Rejects with `EngineError` or
 * `DataDirectoryError`; what is stored by then is found by the next copy.
 */
export async function copyData(
  from: CopyPlace,
  to: CopyPlace,
  counts: CopyCounts,
  onProgress: () => void,
): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const source = await openPlace(from, opened, "source");
  const target = await openPlace(to, opened, "target");
  await copyStreams(source, target, counts, onProgress);
}

type OpenPlace = Engine & CopySource & CopyDestination;

async function openPlace(
  place: CopyPlace,
  opened: AsyncDisposableStack,
  role: "source" | "target",
): Promise<OpenPlace> {
  const engine = place.kind === "cluster" ? await openCluster(place.nats) : await openDirectory(place, opened, role);
  opened.defer(() => engine.close());
  if (engine.multiGateway && (await countGateways(engine.documents)).aliveCount > 0) {
    throw new EngineError("unavailable", `Gateways run on the ${role}. Nothing was changed. Stop all of them first.`);
  }
  return engine;
}

async function openCluster(nats: NatsConfig): Promise<Engine & { readonly log: CopyTarget }> {
  const { JetStreamEngine } = await import("../engine/jetstream/jetstream-engine.ts");
  const { monitorUrls, assumesFsync, allowsDegraded } = nats;
  const engine = new JetStreamEngine({
    address: clusterAddressOf(nats),
    prefix: clusterPrefix,
    nowMs: systemClock.nowMs,
    monitorUrls,
    assumesFsync,
    allowsDegraded,
  });
  await engine.open();
  return engine;
}

/** A directory that a server has open is locked. A source may be plain although keys are given, for the target. */
async function openDirectory(
  { path, encryption }: Extract<CopyPlace, { kind: "directory" }>,
  opened: AsyncDisposableStack,
  role: "source" | "target",
): Promise<Engine & { readonly log: CopyTarget }> {
  const { EmbeddedEngine } = await import("../engine/embedded/embedded-engine.ts");
  const { DataDirectoryError } = await import("../engine/embedded/io/data-directory-error.ts");
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { CompactionThread } = await import("../engine/embedded/compaction/compaction-thread.ts");
  const { encryptAtRest, keys } = encryption;
  const provider = encryptAtRest === undefined ? undefined : await createKeyProvider(keys, systemClock.nowMs);
  if (provider !== undefined) opened.defer(() => provider.close());
  const make = (isEncrypted: boolean): InstanceType<typeof EmbeddedEngine> =>
    new EmbeddedEngine({
      directory: path,
      disk: nodeDisk,
      clock: systemClock,
      jobs: new CompactionThread(systemClock),
      keys:
        isEncrypted && provider !== undefined && encryptAtRest !== undefined
          ? rootKeyProviderFor(provider.provider, encryptAtRest.keyId, encryption)
          : undefined,
    });
  let engine = make(true);
  try {
    await engine.open();
  } catch (error) {
    const isPlain = error instanceof DataDirectoryError && error.reason === "plain";
    if (!isPlain || role === "target") throw error;
    engine = make(false);
    await engine.open();
  }
  return engine;
}
