/** What `/health` and `/metrics` report of an open engine. */
import type { EngineParts } from "./engine-parts.ts";

const hourMs = 3_600_000;
const clockBehindMsMax = hourMs;

/** One sentence for each thing that is wrong. */
export function degradedSentences(
  { recovered, commit, snapshotter, compactor, monitor, writer }: EngineParts,
  clockBehindMs: number,
): readonly string[] {
  const sentences = recovered.findings.map(({ sentence }) => sentence);
  if (clockBehindMs > clockBehindMsMax) {
    const hours = (clockBehindMs / hourMs).toFixed(1);
    sentences.push(
      `At the start the system clock was ${hours} hours behind the last stored record. New records get that record's ` +
        "time until the clock has caught up, so they expire later; check the time synchronization (NTP) of this host.",
    );
  }
  const { shortage } = monitor;
  if (shortage !== undefined) sentences.push(writer.sentenceOf(shortage));
  for (const sentence of [commit.failure?.message, snapshotter.lastError, compactor.lastError]) {
    if (sentence !== undefined) sentences.push(sentence);
  }
  return sentences;
}

export function engineFigures(parts: EngineParts): Readonly<Record<string, number>> {
  const { state, commit, wal, window, recovered, budgetBytes, reserve, monitor } = parts;
  let indexBytes = 0;
  for (const counts of state.storedBytes.all()) indexBytes += counts.indexBytes;
  return {
    wal_bytes: wal.bytes,
    segment_bytes: recovered.segments.bytes,
    segment_files: recovered.segments.count,
    queue_bytes: commit.pendingBytes,
    group_count_total: commit.groupCount,
    sync_seconds_total: commit.syncMs / 1000,
    tail_window_bytes: window.byteLength,
    index_bytes: indexBytes,
    wal_stopped: commit.failure === undefined ? 0 : 1,
    disk_budget_bytes: budgetBytes,
    disk_free_bytes: reserve.freeBytes,
    disk_reserve_bytes: reserve.bytes,
    disk_budget_used_up: monitor.shortage === "disk_budget" ? 1 : 0,
    disk_full: monitor.shortage === "disk_space" ? 1 : 0,
    appends_refused_total: monitor.refusedCount,
    recovered_groups: recovered.lastLsn,
    shard_logs: state.logs.size,
    documents: state.documents.size,
  };
}
