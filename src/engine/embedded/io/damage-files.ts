import { dirname } from "node:path";
import { type Disk, errorCode, replaceFile } from "./disk.ts";

/** Damage that recovery found and that does not keep the directory from being opened. */
export interface DamageFinding {
  /** Relative to the data directory. */
  readonly file: string;
  readonly offset: number;
  /** One or more sentences for the health and for the report. */
  readonly sentence: string;
}

export interface DamageFilesOptions {
  readonly disk: Disk;
  /** `damage/` in the data directory. */
  readonly directory: string;
  readonly nowMs: number;
}

/**
 * Writes one report file for each place, so that a finding is known after the next restart. A report for the same place is
 * replaced. On a full disk nothing is written, and only the health has the findings.
 */
export async function writeDamageFiles(findings: readonly DamageFinding[], options: DamageFilesOptions): Promise<void> {
  if (findings.length === 0) return;
  try {
    await writeReports(findings, options);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  }
}

async function writeReports(findings: readonly DamageFinding[], options: DamageFilesOptions): Promise<void> {
  await options.disk.makeDirectory(options.directory);
  await options.disk.syncDirectory(dirname(options.directory));
  for (const { file, offset, sentence } of findings) {
    const place = (file.split("/").at(-1) ?? file).replace(/\.(wal|snapshot)$/, "");
    const name = `${place}-${String(offset).padStart(8, "0")}.txt`;
    const text = `${new Date(options.nowMs).toISOString()} ${file} byte ${offset}\n${sentence}\n`;
    await replaceFile(options.disk, options.directory, name, Buffer.from(text));
  }
}
