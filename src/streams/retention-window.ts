const MS_PER_HOUR = 3_600_000;

export function retentionMs(retentionHours: number): number {
  return retentionHours * MS_PER_HOUR;
}

/** The trim horizon: what arrived before it is never served again, whenever its bytes are freed. */
export function horizonMs(nowMs: number, retentionHours: number): number {
  return nowMs - retentionMs(retentionHours);
}

export function isExpired(arrivalMs: number, horizon: number): boolean {
  return arrivalMs < horizon;
}
