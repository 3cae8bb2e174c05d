import { retentionHoursMax, retentionMs } from "./retention-window.ts";
import type { Stream, StreamDataKey } from "./stream.ts";

/** Most data keys in one stream document. Each StartStreamEncryption adds one. */
export const dataKeysMax = 1_000;

/** Time for puts in flight under a superseded key, and for a clock that was set. */
const graceMs = 24 * 3_600_000;

/** A data key that a stream does not use yet. */
export type NewDataKey = Pick<StreamDataKey, "keyId" | "wrapped">;

/** The key that encrypts new records; undefined for a plain stream, and for a document of a version without data keys. */
export function currentDataKey({ encryption, dataKeys }: Stream): StreamDataKey | undefined {
  const current = encryption?.dataKey;
  return current === undefined ? undefined : dataKeys?.find(({ number }) => number === current);
}

/** The stream with a new data key for new records. Earlier keys stay for reading. */
export function startEncrypting(stream: Stream, { keyId, wrapped }: NewDataKey, nowMs: number): Stream {
  const kept = supersedeCurrent(stream, nowMs);
  const number = Math.max(0, ...kept.map((key) => key.number)) + 1;
  const dataKeys = [...kept, { number, keyId, wrapped, madeMs: nowMs }];
  return { ...stream, encryption: { keyId, dataKey: number }, dataKeys, settingsEpoch: nextSettingsEpoch(stream) };
}

/** The stream with new records in plain. Its data keys stay for reading. */
export function stopEncrypting(stream: Stream, nowMs: number): Stream {
  const { encryption: _stopped, ...rest } = stream;
  const plain = { ...rest, settingsEpoch: nextSettingsEpoch(stream) };
  const dataKeys = supersedeCurrent(stream, nowMs);
  return dataKeys.length === 0 ? plain : { ...plain, dataKeys };
}

/** The stream without data keys whose records have all expired, under any retention; the same object when there are none. */
export function pruneDataKeys(stream: Stream, nowMs: number): Stream {
  const kept = (stream.dataKeys ?? []).filter((key) => !isUnused(key, nowMs));
  if (kept.length === (stream.dataKeys?.length ?? 0)) return stream;
  const { dataKeys: _pruned, ...rest } = stream;
  return kept.length === 0 ? rest : { ...rest, dataKeys: kept };
}

function nextSettingsEpoch({ settingsEpoch = 0 }: Stream): number {
  return settingsEpoch + 1;
}

function supersedeCurrent(stream: Stream, nowMs: number): readonly StreamDataKey[] {
  return (pruneDataKeys(stream, nowMs).dataKeys ?? []).map((key) =>
    key.number === stream.encryption?.dataKey ? { ...key, supersededMs: nowMs } : key,
  );
}

function isUnused({ supersededMs }: StreamDataKey, nowMs: number): boolean {
  return supersededMs !== undefined && nowMs - supersededMs > retentionMs(retentionHoursMax) + graceMs;
}
