// Copies a data directory that a server may have open, without its help. docs/file-format.md section 10.
import { dirname } from "node:path";
import { EngineError } from "../../engine-error.ts";
import {
  type DataDirectory,
  type DirectoryPaths,
  directoryPathsOf,
  finishedCopy,
  openForCopy,
} from "../directory/data-directory.ts";
import { decodeFormatFile, formatFileName } from "../format/format-file.ts";
import { keyFileName } from "../format/key-file.ts";
import { loadManifest, type Manifest, manifestName, writeManifest } from "../format/manifest.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { damaged, missingIfAbsent } from "../io/damage.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, errorCode, namesIn, readWhole, replaceFile } from "../io/disk.ts";
import { readOnlyDisk } from "../io/read-only-disk.ts";
import { lsnOfName, snapshotName } from "../state/snapshot.ts";
import { snapshotsKept } from "../state/snapshot-files.ts";
import { WalCopy } from "./copy-wal.ts";

export interface DirectoryCopy {
  /** One sentence for each place of the copy that is not as it was written. */
  readonly problems: readonly string[];
  /** All of the log up to this group is in it. */
  readonly lastLsn: number;
  readonly walFiles: number;
  readonly segments: number;
  /** How many of them are one file with the source's, and took no space. */
  readonly linkedSegments: number;
  /** Written, linked segments not counted. */
  readonly bytes: number;
}

export interface CopyDirectoryOptions {
  readonly disk: Disk;
  /** Absolute paths. */
  readonly from: string;
  readonly to: string;
  /** Looks at what was copied before it becomes a data directory. */
  readonly check: (copied: DataDirectory) => Promise<readonly string[]>;
  /** Whether it may become one if that found problems. */
  readonly keepsProblems: boolean;
}

/** What may stand beside `format` and is needed to open a directory: the wrapped key of an encrypted one. */
const topFileNames: readonly string[] = [keyFileName];
/** Times that what is to be copied may be removed just before; each time less is left to be done. */
const roundsMax = 100;
const chunkBytes = 1024 * 1024;
/** Where a file can have no second name: another file system, one without such names, another's file, too many of them. */
const linkless: ReadonlySet<string> = new Set([
  "EXDEV",
  "EPERM",
  "EACCES",
  "EMLINK",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
]);

/**
 * Everything that was acknowledged before the call, in a directory that is empty or does not exist yet; it is a data
 * directory from the moment that all is durable in it, and empty again if this rejects. The source is only read.
 *
 * Rejects with `DataDirectoryError`, and with `EngineError("corrupt")` if a server would refuse the source.
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
    throw new DataDirectoryError("unreadable", `${from} cannot be copied to ${to}: ${reason}.`, { cause: error });
  } finally {
    await target.lock.release();
  }
}

async function fill(
  source: DirectoryPaths,
  target: DataDirectory,
  { disk, check, keepsProblems }: CopyDirectoryOptions,
): Promise<DirectoryCopy> {
  const copy = new Copy(disk, source, target);
  const format = await copy.run();
  const problems = await check(await finishedCopy(disk, target));
  if (problems.length > 0 && !keepsProblems) await clear(disk, target);
  else {
    // The names of its directories come before what makes it one.
    await disk.syncDirectory(target.path);
    await replaceFile(disk, target.path, formatFileName, format);
    await disk.syncDirectory(dirname(target.path));
  }
  return { ...copy.figures, problems };
}

/** What has been copied so far, and what is to be done next. */
class Copy {
  /** For the source: nothing can be changed through it. */
  readonly #reading: Disk;
  readonly #disk: Disk;
  readonly #source: DirectoryPaths;
  readonly #target: DirectoryPaths;
  readonly #wal: WalCopy;
  /** By number, and whether it is a link. */
  readonly #segments = new Map<number, boolean>();
  #canLink = true;
  #bytes = 0;

  constructor(disk: Disk, source: DirectoryPaths, target: DirectoryPaths) {
    this.#disk = disk;
    this.#reading = readOnlyDisk(disk);
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

  /** Everything but `format`, durable; resolves with what is to stand in that. */
  async run(): Promise<Buffer> {
    let last: { readonly manifest: number; readonly sentence: string } | undefined;
    for (let round = 0; round < roundsMax; round++) {
      const manifest = await this.#readManifest();
      try {
        const format = await this.#round(manifest);
        await this.#copyTopFiles();
        await this.#copyReports();
        return format;
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== "corrupt") throw error;
        // What a server took away it first took out of the manifest; else it is damage, and stays so.
        const failure = { manifest: manifest?.number ?? 0, sentence: error.message };
        if (last?.manifest === failure.manifest && last.sentence === failure.sentence) throw error;
        last = failure;
      }
    }
    const sentence = `${this.#source.path} changes faster than it can be copied: ${roundsMax} times a file was gone before its turn came.`;
    throw new DataDirectoryError("restless", sentence);
  }

  /**
   * The manifest is read first. Snapshots that are there after it hold what the log before its oldest file said; the log,
   * copied last, reaches beyond them, and beyond every frame that made sealing leave something behind.
   */
  async #round(manifest: Manifest | undefined): Promise<Buffer> {
    await this.#copySnapshots();
    await this.#takeSegments(manifest);
    await this.#wal.copyFrom(manifest?.oldestGeneration);
    // The end of the last file is where no whole group stood, if it was still that file.
    const oldestGeneration = (await this.#readManifest())?.oldestGeneration ?? 0;
    const { lastGeneration } = this.#wal;
    if (lastGeneration > 0 && oldestGeneration > lastGeneration) throw damaged("the log's end is missing");
    await this.#disk.syncDirectory(this.#target.walDirectory);
    return this.#readFormat(manifest);
  }

  async #readManifest(): Promise<Manifest | undefined> {
    const { segmentDirectory, identity } = this.#source;
    const loaded = await loadManifest(this.#reading, segmentDirectory, identity);
    if (loaded.kind === "damaged") throw damaged(`segments/${manifestName} cannot be read`);
    return loaded.kind === "absent" ? undefined : loaded.value;
  }

  /** Last, so that what it says of the directory holds for everything that was copied. */
  async #readFormat(manifest: Manifest | undefined): Promise<Buffer> {
    const bytes = await readWhole(this.#reading, `${this.#source.path}/${formatFileName}`);
    if (bytes === undefined) throw damaged(`${formatFileName} is missing`);
    const format = decodeFormatFile(bytes, this.#source.path);
    if (!format.identity.directoryId.equals(this.#source.identity.directoryId)) {
      throw damaged(`${formatFileName} is another directory's`);
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

  /** Segments never change, so that a second name is as good as a copy. */
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

  /** Whether it is linked. */
  async #takeSegment(id: number): Promise<boolean> {
    const [from, to] = [this.#source.segmentDirectory, this.#target.segmentDirectory];
    const name = segmentFileName(id);
    if (this.#canLink) {
      try {
        await missingIfAbsent(`segments/${name}`, () => this.#disk.link(`${from}/${name}`, `${to}/${name}`));
        return true;
      } catch (error) {
        if (!linkless.has(errorCode(error) ?? "")) throw error;
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

  /** Reports of damage are for people, and say what this copy lacks too. */
  async #copyReports(): Promise<void> {
    const [from, to] = [this.#source.damageDirectory, this.#target.damageDirectory];
    const names = (await namesIn(this.#reading, from)).filter((name) => name.endsWith(".txt"));
    if (names.length === 0) return;
    await this.#disk.makeDirectory(to);
    for (const name of names) await this.#copyFile(from, to, name);
    await this.#disk.syncDirectory(to);
  }

  /** Durable but for its name. */
  async #copyFile(fromDirectory: string, toDirectory: string, name: string): Promise<void> {
    const path = `${fromDirectory}/${name}`;
    const shown = path.slice(this.#source.path.length + 1);
    const from = await missingIfAbsent(shown, () => this.#reading.open(path, "read"));
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

/** By their LSN, oldest first. */
async function snapshotsIn(disk: Disk, { catalogDirectory }: DirectoryPaths): Promise<readonly number[]> {
  const names = await namesIn(disk, catalogDirectory);
  return names.flatMap((name) => lsnOfName(name) ?? []).sort((left, right) => left - right);
}

/** Leaves it as empty as it was found. What resists stays: the directory is refused by everybody without `format`. */
async function clear(disk: Disk, target: DataDirectory): Promise<void> {
  const { path, walDirectory, catalogDirectory, segmentDirectory, damageDirectory } = target;
  try {
    for (const name of [formatFileName, `${formatFileName}.tmp`, ...topFileNames]) await disk.remove(`${path}/${name}`);
    for (const directory of [walDirectory, catalogDirectory, segmentDirectory, damageDirectory]) {
      for (const name of await namesIn(disk, directory)) await disk.remove(`${directory}/${name}`);
      await disk.removeDirectory(directory);
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}
