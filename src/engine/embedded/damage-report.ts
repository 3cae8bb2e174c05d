import { type Disk, replaceFile } from "./disk.ts";

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

/** Leaves one file per place, so that a finding outlives the session that made it. Repeating it replaces the file. */
export async function reportFindings(findings: readonly Finding[], options: DamageReportOptions): Promise<void> {
  if (findings.length === 0) return;
  await options.disk.makeDirectory(options.directory);
  for (const { file, offset, sentence } of findings) {
    const place = (file.split("/").at(-1) ?? file).replace(/\.(wal|snapshot)$/, "");
    const name = `${place}-${String(offset).padStart(8, "0")}.txt`;
    const text = `${new Date(options.nowMs).toISOString()} ${file} byte ${offset}\n${sentence}\n`;
    await replaceFile(options.disk, options.directory, name, Buffer.from(text));
  }
}
