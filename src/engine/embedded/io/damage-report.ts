import { dirname } from "node:path";
import { type Disk, errorCode, replaceFile } from "./disk.ts";

/** Something that recovery found and could go on from. */
export interface Finding {
  /** Relative to the data directory. */
  readonly file: string;
  readonly offset: number;
  /** For the health and for the report. */
  readonly sentence: string;
}

export interface DamageReportOptions {
  readonly disk: Disk;
  /** `damage/` in the data directory. */
  readonly directory: string;
  readonly nowMs: number;
}

/**
 * Leaves one file per place, so that a finding outlives the session that made it. Repeating it replaces the file. On a full
 * disk the health alone tells of them.
 */
export async function reportFindings(findings: readonly Finding[], options: DamageReportOptions): Promise<void> {
  if (findings.length === 0) return;
  try {
    await writeReports(findings, options);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  }
}

async function writeReports(findings: readonly Finding[], options: DamageReportOptions): Promise<void> {
  await options.disk.makeDirectory(options.directory);
  await options.disk.syncDirectory(dirname(options.directory));
  for (const { file, offset, sentence } of findings) {
    const place = (file.split("/").at(-1) ?? file).replace(/\.(wal|snapshot)$/, "");
    const name = `${place}-${String(offset).padStart(8, "0")}.txt`;
    const text = `${new Date(options.nowMs).toISOString()} ${file} byte ${offset}\n${sentence}\n`;
    await replaceFile(options.disk, options.directory, name, Buffer.from(text));
  }
}
