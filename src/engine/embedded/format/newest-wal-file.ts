import { crc32 } from "node:zlib";
import { damaged } from "../io/damage.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { blockBytes, type Disk, type DiskFile, readWhole, replaceFile } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import { type DirectoryIdentity, directoryIdBytes } from "./format-file.ts";

/*
 * `newest-wal`: the newest WAL file that must exist, in two slots of one block each. Little-endian; docs/file-format.md
 * section 2. A slot:
 *
 *   "MRNEWWAL" | u32 version = 1 | u32 zero | directory id 16 | u64 generation, 0 = there is no WAL file yet
 *   u64 LSN of the first group | zero 12 | u32 CRC of all before it, begun with the directory's seed
 *   zeros up to the end of the block
 */
const magic = Buffer.from("MRNEWWAL", "latin1");
const versionOffset = magic.length;
const directoryIdOffset = versionOffset + 8;
const generationOffset = directoryIdOffset + directoryIdBytes;
const firstLsnOffset = generationOffset + 8;
const checksumOffset = firstLsnOffset + 8 + 12;
const slotFieldBytes = checksumOffset + 4;
const slotVersion = 1;
const slotCount = 2;

export const newestWalName = "newest-wal";
/** Bytes of a slot. */
export const newestWalSlotBytes = blockBytes;

/** A WAL file that was durable with its headers before its first group was written. */
export interface NewestWal {
  /** 0: there is no WAL file yet. */
  readonly generation: number;
  readonly firstLsn: number;
}

export const noWalFile: NewestWal = { generation: 0, firstLsn: 1 };

/** Where the slot of a generation begins; the other slot has the generation before. */
function newestWalSlotOffset(generation: number): number {
  return (generation % slotCount) * newestWalSlotBytes;
}

/** Fills `target`, a whole slot. */
export function writeNewestWalSlot(
  target: Buffer,
  { generation, firstLsn }: NewestWal,
  { directoryId, seed }: DirectoryIdentity,
): void {
  target.fill(0);
  magic.copy(target);
  target.writeUInt32LE(slotVersion, versionOffset);
  directoryId.copy(target, directoryIdOffset);
  writeU64(target, generation, generationOffset);
  writeU64(target, firstLsn, firstLsnOffset);
  target.writeUInt32LE(crc32(target.subarray(0, checksumOffset), seed), checksumOffset);
}

/** Undefined unless every byte of the slot is as written. */
export function readNewestWalSlot(slot: Buffer, { directoryId, seed }: DirectoryIdentity): NewestWal | undefined {
  if (slot.length !== newestWalSlotBytes || !slot.subarray(0, magic.length).equals(magic)) return undefined;
  if (slot.readUInt32LE(checksumOffset) !== crc32(slot.subarray(0, checksumOffset), seed)) return undefined;
  if (slot.readUInt32LE(versionOffset) !== slotVersion) return undefined;
  if (!slot.subarray(directoryIdOffset, generationOffset).equals(directoryId)) return undefined;
  if (!isZero(slot, slotFieldBytes, slot.length)) return undefined;
  return { generation: readU64(slot, generationOffset), firstLsn: readU64(slot, firstLsnOffset) };
}

/** Names a new WAL file, durably. A write that is cut short leaves the slot of the file before whole. */
export async function recordNewestWal(file: DiskFile, newest: NewestWal, identity: DirectoryIdentity): Promise<void> {
  const slot = Buffer.alloc(newestWalSlotBytes);
  writeNewestWalSlot(slot, newest, identity);
  await file.write(slot, newestWalSlotOffset(newest.generation));
  await file.sync();
}

/** Writes `newest` into both slots of the present file, one after the other: a full disk takes that, and a crash between. */
export async function rewriteNewestWal(
  disk: Disk,
  directory: string,
  newest: NewestWal,
  identity: DirectoryIdentity,
): Promise<void> {
  const slot = Buffer.alloc(newestWalSlotBytes);
  writeNewestWalSlot(slot, newest, identity);
  const offset = newestWalSlotOffset(newest.generation);
  const file = await disk.open(`${directory}/${newestWalName}`, "write");
  try {
    // The slot of this generation first: the other one may hold the only whole name.
    for (const at of [offset, newestWalSlotBytes - offset]) {
      await file.write(slot, at);
      await file.sync();
    }
  } finally {
    await file.close();
  }
}

/** Replaces the file durably, with `newest` in both slots. */
export async function replaceNewestWal(
  disk: Disk,
  directory: string,
  newest: NewestWal,
  identity: DirectoryIdentity,
): Promise<void> {
  const slot = Buffer.alloc(newestWalSlotBytes);
  writeNewestWalSlot(slot, newest, identity);
  await replaceFile(disk, directory, newestWalName, Buffer.concat([slot, slot]));
}

/** Throws `corrupt` if the file is missing or neither slot can be read; adds to `findings` if one cannot. */
export async function loadNewestWal(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
  findings: DamageFinding[],
): Promise<NewestWal> {
  const bytes = await readWhole(disk, `${directory}/${newestWalName}`);
  if (bytes === undefined) throw damaged(`${newestWalName} is missing, so it is unknown which WAL files must exist`);
  const slots = [0, newestWalSlotBytes].map((at) =>
    readNewestWalSlot(bytes.subarray(at, at + newestWalSlotBytes), identity),
  );
  const [newest, other] = slots
    .filter((slot) => slot !== undefined)
    .sort((left, right) => right.generation - left.generation);
  if (newest === undefined)
    throw damaged(`${newestWalName} cannot be read, so it is unknown which WAL files must exist`);
  if (other === undefined) {
    const sentence =
      `One of the two slots of ${newestWalName} is damaged (checksum mismatch); the other one is whole, so no data is ` +
      "lost. The next start writes both again; check the disk for errors.";
    findings.push({ file: newestWalName, offset: slots.indexOf(undefined) * newestWalSlotBytes, sentence });
  }
  return newest;
}
