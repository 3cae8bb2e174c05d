// Copies a data directory that a server may have open, without asking it. docs/file-format.md section 10.
import { dirname } from "node:path";
import { EngineError } from "../../engine-error.ts";
import {
  type CopyTarget,
  type DataDirectory,
  type DirectoryPaths,
  directoryPathsOf,
  finishedCopy,
  openForCopy,
  removeMade,
} from "../directory/data-directory.ts";
import { decodeFormatFile, formatFileName } from "../format/format-file.ts";
import { keyFileName } from "../format/key-file.ts";
import { loadManifest, type Manifest, manifestName, writeManifest } from "../format/manifest.ts";
import { loadNewestWal, newestWalName, replaceNewestWal } from "../format/newest-wal-file.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { damaged, damagedIfAbsent } from "../io/damage.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, errorCode, namesIn, readWhole, replaceFile } from "../io/disk.ts";
import { writeDiscardingDisk } from "../io/write-discarding-disk.ts";
import { lsnOfName, snapshotName } from "../state/snapshot.ts";
import { snapshotsKept } from "../state/snapshot-files.ts";
import { WalCopy } from "./copy-wal.ts";

export interface DirectoryCopy {
  /** One sentence for each place of the copy that is not as it was written; empty if it is whole. */
  readonly problems: readonly string[];
  /** LSN of the last group of the copy. */
  readonly lastLsn: number;
  readonly walFiles: number;
  readonly segments: number;
  /** Segments that are hard links to those of the source and take no space. */
  readonly linkedSegments: number;
  /** Bytes written; linked segments are not counted. */
  readonly bytes: number;
}

export interface CopyDirectoryOptions {
  readonly disk: Disk;
  /** Absolute paths. */
  readonly from: string;
  readonly to: string;
  /** Verifies the copy before it becomes a data directory; resolves with one sentence for each problem. */
  readonly check: (copied: DataDirectory) => Promise<readonly string[]>;
  /** Whether it becomes a data directory in spite of problems. */
  readonly keepsProblems: boolean;
}

/** Files beside `format` that opening a directory needs: the wrapped key of an encrypted one. */
const topFileNames: readonly string[] = [keyFileName];
/** Attempts, if a server removes files before they are copied. Each attempt has less left to copy. */
const attemptsMax = 100;
const chunkBytes = 1024 * 1024;
/** Codes of a hard link that is not possible: another file system, one without links, another owner, too many links. */
const linkErrors: ReadonlySet<string> = new Set([
  "EXDEV",
  "EPERM",
  "EACCES",
  "EMLINK",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
]);

/**
 * Copies everything that was acknowledged before the call to a directory that is empty or absent. That becomes a data
 * directory when all of it is durable, and is empty again if this rejects. The source is only read.
 *
 * Rejects with `DataDirectoryError`, and with `EngineError("corrupt")` if a server would not open the source.
 */
export async function copyDirectory(options: CopyDirectoryOptions): Promise<DirectoryCopy> {
  const { disk, from, to } = options;
  const source = await directoryPathsOf(disk, from);
  const target = await openForCopy(disk, to, source.format);
  try {
    return await fill(source, target, options);
  } catch (error) {
    await clear(disk, target);
    if (errorCode(error) === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `The data directory ${from} cannot be copied to ${to} (${reason}). The source is unchanged, and the target is empty or absent as before.`;
    throw new DataDirectoryError("unreadable", sentence, { cause: error });
  } finally {
    await target.lock.release();
  }
}

async function fill(
  source: DirectoryPaths,
  target: CopyTarget,
  { disk, check, keepsProblems }: CopyDirectoryOptions,
): Promise<DirectoryCopy> {
  const copy = new Copy(disk, source, target);
  const format = await copy.run();
  const problems = await check(await finishedCopy(disk, target));
  if (problems.length > 0 && !keepsProblems) await clear(disk, target);
  else {
    // `format` comes last: it makes the target a data directory.
    await disk.syncDirectory(target.path);
    await replaceFile(disk, target.path, formatFileName, format);
    await disk.syncDirectory(dirname(target.path));
  }
  return { ...copy.figures, problems };
}

/** A copy in progress. */
class Copy {
  /** For the source; read-only. */
  readonly #reading: Disk;
  readonly #disk: Disk;
  readonly #source: DirectoryPaths;
  readonly #target: DirectoryPaths;
  readonly #wal: WalCopy;
  /** Segment id to whether it is a hard link. */
  readonly #segments = new Map<number, boolean>();
  #canLink = true;
  #bytes = 0;

  constructor(disk: Disk, source: DirectoryPaths, target: DirectoryPaths) {
    this.#disk = disk;
    this.#reading = writeDiscardingDisk(disk);
    this.#source = source;
    this.#target = target;
    this.#wal = new WalCopy({ reading: this.#reading, disk, source, target });
  }

  get figures(): Omit<DirectoryCopy, "problems"> {
    const linkedSegments = [...this.#segments.values()].filter((isLink) => isLink).length;
    return {
      lastLsn: this.#wal.lastLsn,
      walFiles: this.#wal.fileCount,
      segments: this.#segments.size,
      linkedSegments,
      bytes: this.#bytes + this.#wal.bytes,
    };
  }

  /** Copies everything but `format`, durably. Resolves with the bytes of `format`. */
  async run(): Promise<Buffer> {
    let last: { readonly manifest: number; readonly sentence: string } | undefined;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const manifest = await this.#readManifest();
      try {
        const format = await this.#copyOnce(manifest);
        await this.#copyTopFiles();
        await this.#copyReports();
        return format;
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== "corrupt") throw error;
        // A server changes the manifest before it removes a file. The same failure under the same manifest is damage.
        const failure = { manifest: manifest?.number ?? 0, sentence: error.message };
        if (last?.manifest === failure.manifest && last.sentence === failure.sentence) throw error;
        last = failure;
      }
    }
    const sentence = `The data directory ${this.#source.path} changes faster than it can be copied: in ${attemptsMax} attempts a file was removed before it was copied. No backup was made; try again when fewer records are written.`;
    throw new DataDirectoryError("restless", sentence);
  }

  /**
   * Copies snapshot files, segments and the WAL, in this order, after the manifest was read. So the snapshots hold the
   * control frames of WAL files that were removed before, and the WAL reaches beyond the snapshots and beyond each frame
   * that a flush of these segments depended on, such as the drop of a log.
   */
  async #copyOnce(manifest: Manifest | undefined): Promise<Buffer> {
    await this.#copySnapshots();
    await this.#takeSegments(manifest);
    const { path, identity, format } = this.#source;
    // Read before the WAL, which may grow by a file afterwards.
    const newest = format.hasNewestWal === true ? await loadNewestWal(this.#reading, path, identity, []) : undefined;
    await this.#wal.copyFrom(manifest?.oldestGeneration, newest);
    await replaceNewestWal(this.#disk, this.#target.path, this.#wal.newest, identity);
    // The copy ends where the source had no further group, unless the last file was removed meanwhile.
    const oldestGeneration = (await this.#readManifest())?.oldestGeneration ?? 0;
    const { lastGeneration } = this.#wal;
    if (lastGeneration > 0 && oldestGeneration > lastGeneration) throw damaged("the end of the WAL is missing");
    await this.#disk.syncDirectory(this.#target.walDirectory);
    return this.#readFormat(manifest);
  }

  async #readManifest(): Promise<Manifest | undefined> {
    const { segmentDirectory, identity } = this.#source;
    const loaded = await loadManifest(this.#reading, segmentDirectory, identity);
    if (loaded.kind === "damaged") throw damaged(`segments/${manifestName} cannot be read`);
    return loaded.kind === "absent" ? undefined : loaded.value;
  }

  /** Read last, so that its version and flags hold for everything that was copied. */
  async #readFormat(manifest: Manifest | undefined): Promise<Buffer> {
    const bytes = await readWhole(this.#reading, `${this.#source.path}/${formatFileName}`);
    if (bytes === undefined) throw damaged(`${formatFileName} is missing`);
    const format = decodeFormatFile(bytes, this.#source.path);
    if (!format.identity.directoryId.equals(this.#source.identity.directoryId)) {
      throw damaged(`${formatFileName} belongs to another data directory`);
    }
    if (format.hasSegments === true && manifest === undefined) throw damaged(`segments/${manifestName} is missing`);
    return bytes;
  }

  async #copySnapshots(): Promise<void> {
    const { catalogDirectory } = this.#target;
    const wanted = (await snapshotsIn(this.#reading, this.#source)).slice(-snapshotsKept);
    const present = await snapshotsIn(this.#disk, this.#target);
    for (const lsn of present.filter((one) => !wanted.includes(one))) {
      await this.#disk.remove(`${catalogDirectory}/${snapshotName(lsn)}`);
    }
    for (const lsn of wanted.filter((one) => !present.includes(one))) {
      await this.#copyFile(this.#source.catalogDirectory, catalogDirectory, snapshotName(lsn));
    }
    await this.#disk.syncDirectory(catalogDirectory);
  }

  /** Links or copies segments. They never change, so a hard link is as good as a copy. */
  async #takeSegments(manifest: Manifest | undefined): Promise<void> {
    if (manifest === undefined) return;
    const { segmentDirectory } = this.#target;
    await this.#disk.makeDirectory(segmentDirectory);
    const named = new Set(manifest.segments.map(({ id }) => id));
    for (const id of [...this.#segments.keys()].filter((one) => !named.has(one))) {
      await this.#disk.remove(`${segmentDirectory}/${segmentFileName(id)}`);
      this.#segments.delete(id);
    }
    for (const id of named) if (!this.#segments.has(id)) this.#segments.set(id, await this.#takeSegment(id));
    await writeManifest(this.#disk, segmentDirectory, manifest, this.#target.identity);
  }

  /** Resolves with whether the segment is linked. */
  async #takeSegment(id: number): Promise<boolean> {
    const [from, to] = [this.#source.segmentDirectory, this.#target.segmentDirectory];
    const name = segmentFileName(id);
    if (this.#canLink) {
      try {
        await damagedIfAbsent(`segments/${name}`, () => this.#disk.link(`${from}/${name}`, `${to}/${name}`));
        return true;
      } catch (error) {
        if (!linkErrors.has(errorCode(error) ?? "")) throw error;
        this.#canLink = false;
      }
    }
    await this.#copyFile(from, to, name);
    return false;
  }

  async #copyTopFiles(): Promise<void> {
    const [from, to] = [this.#source.path, this.#target.path];
    const present = await this.#reading.list(from);
    for (const name of topFileNames.filter((one) => present.includes(one))) await this.#copyFile(from, to, name);
  }

  /** Damage reports say what the copy lacks as well. */
  async #copyReports(): Promise<void> {
    const [from, to] = [this.#source.damageDirectory, this.#target.damageDirectory];
    const names = (await namesIn(this.#reading, from)).filter((name) => name.endsWith(".txt"));
    if (names.length === 0) return;
    await this.#disk.makeDirectory(to);
    for (const name of names) await this.#copyFile(from, to, name);
    await this.#disk.syncDirectory(to);
  }

  /** The bytes are durable when it resolves; the name is not yet. */
  async #copyFile(fromDirectory: string, toDirectory: string, name: string): Promise<void> {
    const path = `${fromDirectory}/${name}`;
    const shown = path.slice(this.#source.path.length + 1);
    const from = await damagedIfAbsent(shown, () => this.#reading.open(path, "read"));
    try {
      const into = await this.#disk.open(`${toDirectory}/${name}`, "create");
      try {
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(1, await from.length())));
        for (let at = 0; ; at += chunk.length) {
          const count = await from.read(chunk, at);
          if (count > 0) await into.write(chunk.subarray(0, count), at);
          this.#bytes += count;
          if (count < chunk.length) break;
        }
        await into.sync();
      } finally {
        await into.close();
      }
    } finally {
      await from.close();
    }
  }
}

/** LSNs of the snapshot files, in ascending order. */
async function snapshotsIn(disk: Disk, { catalogDirectory }: DirectoryPaths): Promise<readonly number[]> {
  const names = await namesIn(disk, catalogDirectory);
  return names.flatMap((name) => lsnOfName(name) ?? []).sort((left, right) => left - right);
}

/**
 * Empties the target, and removes it if the copy has made it. Files that cannot be removed stay; without `format` they are no
 * data directory.
 */
async function clear(disk: Disk, target: CopyTarget): Promise<void> {
  const { path, walDirectory, catalogDirectory, segmentDirectory, damageDirectory } = target;
  try {
    const ownNames = [formatFileName, newestWalName].flatMap((name) => [name, `${name}.tmp`]);
    for (const name of [...ownNames, ...topFileNames]) await disk.remove(`${path}/${name}`);
    for (const directory of [walDirectory, catalogDirectory, segmentDirectory, damageDirectory]) {
      for (const name of await namesIn(disk, directory)) await disk.remove(`${directory}/${name}`);
      await disk.removeDirectory(directory);
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
  await removeMade(disk, path, target.firstMade);
}
