import { retentionHoursMax, retentionMs } from "./retention-window.ts";
import type { Stream, StreamDataKey } from "./stream.ts";

/** Of one stream: what its document has room for. Each start of encryption makes one. */
export const dataKeysMax = 1_000;

/** A put that was under way when its key was superseded, and a clock that was set: a day is more than both. */
const graceMs = 24 * 3_600_000;

/** A data key as it was made, for a stream that will write under it. */
export type NewDataKey = Pick<StreamDataKey, "keyId" | "wrapped">;

/** The key that new records are sealed under; undefined while they are not, or in a document that knows no data keys. */
export function currentDataKey({ encryption, dataKeys }: Stream): StreamDataKey | undefined {
  const current = encryption?.dataKey;
  return current === undefined ? undefined : dataKeys?.find(({ number }) => number === current);
}

/** The stream with a new data key under which records are sealed from now on. Others stay to read with. */
export function encryptUnder(stream: Stream, { keyId, wrapped }: NewDataKey, nowMs: number): Stream {
  const kept = superseded(stream, nowMs);
  const number = Math.max(0, ...kept.map((key) => key.number)) + 1;
  const dataKeys = [...kept, { number, keyId, wrapped, madeMs: nowMs }];
  return { ...stream, encryption: { keyId, dataKey: number }, dataKeys };
}

/** The stream as it writes records plainly. Its data keys stay to read with. */
export function stopEncrypting(stream: Stream, nowMs: number): Stream {
  const { encryption: _stopped, ...plain } = stream;
  const dataKeys = superseded(stream, nowMs);
  return dataKeys.length === 0 ? plain : { ...plain, dataKeys };
}

/**
 * The stream without the data keys whose last record has expired whatever the retention was: the very same one when there
 * are none.
 */
export function pruneDataKeys(stream: Stream, nowMs: number): Stream {
  const kept = (stream.dataKeys ?? []).filter((key) => !isPast(key, nowMs));
  if (kept.length === (stream.dataKeys?.length ?? 0)) return stream;
  const { dataKeys: _pruned, ...rest } = stream;
  return kept.length === 0 ? rest : { ...rest, dataKeys: kept };
}

function superseded(stream: Stream, nowMs: number): readonly StreamDataKey[] {
  return (pruneDataKeys(stream, nowMs).dataKeys ?? []).map((key) =>
    key.number === stream.encryption?.dataKey ? { ...key, supersededMs: nowMs } : key,
  );
}

function isPast({ supersededMs }: StreamDataKey, nowMs: number): boolean {
  return supersededMs !== undefined && nowMs - supersededMs > retentionMs(retentionHoursMax) + graceMs;
}
