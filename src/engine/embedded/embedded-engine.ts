import { directoryLockLost } from "../../telemetry/diagnostic-events.ts";
import type { Engine, EngineHealth, EngineLimits } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { lockLost, openDataDirectory, settleNewestWal } from "./directory/data-directory.ts";
import { repairKeyFile } from "./directory/directory-key.ts";
import { EmbeddedDocumentStore } from "./embedded-document-store.ts";
import { EmbeddedShardLog, embeddedShardCountMax, entryBytesMaxFor } from "./embedded-shard-log.ts";
import type { EngineContext } from "./engine-context.ts";
import { degradedSentences, engineFigures } from "./engine-health.ts";
import { type EmbeddedEngineOptions, type EngineSettings, withDefaults } from "./engine-options.ts";
import { type EngineParts, openParts } from "./engine-parts.ts";
import { frameKind } from "./format/frame.ts";
import { writeDamageFiles } from "./io/damage-files.ts";
import { DataDirectoryError } from "./io/data-directory-error.ts";
import { errorCode } from "./io/disk.ts";
import { type Recovered, recover } from "./recovery/recover.ts";
import { largestStreams } from "./stored-bytes.ts";
import { groupMemoryBytes } from "./wal/group-commit.ts";

const entryBytesMax = 14 * 1024 * 1024;
const freeShareOfBudget = 0.8;

/** The engine of one server: one data directory, one WAL for all shard logs and documents, each acknowledgement after a sync. */
export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly multiGateway = false;
  readonly densePositions = true;
  readonly limits: EngineLimits;
  readonly log: EmbeddedShardLog;
  readonly documents: EmbeddedDocumentStore;
  readonly #settings: EngineSettings;
  #parts: EngineParts | undefined;
  /** By how much the clock was behind the last stored entry at the open. */
  #clockBehindMs = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddedEngineOptions) {
    this.#settings = withDefaults(options);
    const context = (): EngineContext => this.#requireOpen();
    this.limits = {
      entryBytesMax: Math.min(entryBytesMax, entryBytesMaxFor(this.#settings.groupBytesMax)),
      shardCountMax: embeddedShardCountMax,
    };
    this.log = new EmbeddedShardLog({ context, entryBytesMax: this.limits.entryBytesMax });
    this.documents = new EmbeddedDocumentStore(context);
  }

  /**
   * Locks the data directory and recovers it. Rejects with `DataDirectoryError` if the directory cannot be used, and with
   * `EngineError("corrupt")` if acknowledged data is provably missing.
   */
  async open(): Promise<void> {
    const { disk, directory: path, clock, devClock, keys, randomBytes } = this.#settings;
    const nowMs = clock.nowMs();
    const opened = await openDataDirectory({ disk, directory: path, nowMs, devClock, keys, randomBytes });
    try {
      // Recovery scans with this memory and is done with it before the first commit group is filled.
      const groupMemory = disk.allocate(groupMemoryBytes(this.#settings.groupBytesMax));
      const recovered = await recover(disk, opened, groupMemory);
      await writeDamageFiles(recovered.findings, { disk, directory: opened.damageDirectory, nowMs });
      const directory = { ...opened, format: await settleNewestWal(disk, opened, recovered.newestWal) };
      if (directory.findings.length > 0) await repairKeyFile({ disk, directory: path }, directory.identity);
      const freeBytes = await disk.freeBytes(path);
      const usedBytes = usedBytesOf(recovered);
      const budgetBytes = this.#settings.diskBudgetBytes ?? Math.floor(usedBytes + freeShareOfBudget * freeBytes);
      const parts = openParts({
        settings: this.#settings,
        directory,
        recovered,
        budgetBytes,
        usedBytes,
        freeBytes,
        groupMemory,
      });
      recovered.state.watchDocuments((change) => this.documents.publish(change));
      this.#clockBehindMs = recovered.state.lastStoredMs - nowMs;
      this.#parts = parts;
      directory.lock.watch(() => {
        parts.commit.stop(lockLost(path));
        directoryLockLost.publish({ directory: path });
      });
    } catch (error) {
      await opened.lock.release();
      const code = errorCode(error);
      if (code === undefined) throw error;
      const sentence =
        `The data directory ${path} cannot be read or written (${code}). Nothing was changed by this start; check the ` +
        "disk, the permissions and the owner of its files.";
      throw new DataDirectoryError("unreadable", sentence, { cause: error });
    }
  }

  async health(): Promise<EngineHealth> {
    const parts = this.#parts;
    if (parts === undefined) return { ready: false, durable: true, degraded: [], figures: {} };
    if (this.#closing === undefined) await parts.reserve.measure();
    const hasFailed = parts.commit.failure !== undefined;
    return {
      ready: this.#closing === undefined && !hasFailed,
      durable: !hasFailed,
      degraded: degradedSentences(parts, this.#clockBehindMs),
      figures: engineFigures(parts),
      space: {
        isUsedUp: parts.monitor.shortage !== undefined,
        largestStreams: largestStreams(parts.state.storedBytes.all()),
      },
    };
  }

  /** Resolves when compaction has nothing left to do for now. */
  async settled(): Promise<void> {
    await this.#requireOpen().compactor.settled();
  }

  /** Makes pending writes durable, writes the marker of a clean close, and unlocks the directory. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  #requireOpen(): EngineParts {
    if (this.#parts === undefined) throw new EngineError("closed", "The storage engine is not open yet. Retry.");
    if (this.#closing !== undefined) {
      throw new EngineError("closed", "The storage engine is closed because the server stops; nothing was stored.");
    }
    return this.#parts;
  }

  async #stop(): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    parts.monitor.stop();
    for (const log of parts.state.logs.values()) log.wake();
    this.documents.close();
    try {
      await parts.readAhead.close();
      await parts.commit.drain();
      await parts.compactor.stop();
      await parts.snapshotter.finish();
      if (parts.commit.groupCount > 0 && parts.commit.failure === undefined) {
        // The marker is the last group and the only frame of it: damage to it cannot cost an entry.
        await parts.snapshotter.write();
        await parts.writer.writeControl({ kind: frameKind.cleanClose }, Buffer.alloc(0));
      }
      await parts.walReader.close();
      await parts.segments.close();
      await parts.wal.close();
    } catch (error) {
      // Everything acknowledged is durable. Without the marker the next open scans the end of the WAL as after a crash.
      if (!(error instanceof EngineError) && errorCode(error) === undefined) throw error;
    } finally {
      await parts.directory.lock.release();
    }
  }
}

/** Bytes of WAL files and segments. */
function usedBytesOf({ walFiles, segments }: Recovered): number {
  return walFiles.reduce((sum, { end }) => sum + end, segments.bytes);
}
