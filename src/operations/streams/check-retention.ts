import { retentionTooLong, retentionTooShort } from "../../model/retention-errors.ts";

/** API reference: 24 hours to 365 days. */
const retentionHoursMin = 24;
const retentionHoursMax = 8760;

/** InvalidArgumentException outside the bounds of any stream. */
export function checkRetention(requestedHours: number): void {
  if (requestedHours < retentionHoursMin) throw retentionTooShort(requestedHours);
  if (requestedHours > retentionHoursMax) throw retentionTooLong(requestedHours);
}
