import { retentionTooLong, retentionTooShort } from "../../model/retention-errors.ts";
import { retentionHoursMin } from "../../streams/retention-window.ts";

/** API reference: 365 days. */
const retentionHoursMax = 8760;

/** InvalidArgumentException outside the bounds of any stream. */
export function checkRetention(requestedHours: number): void {
  if (requestedHours < retentionHoursMin) throw retentionTooShort(requestedHours);
  if (requestedHours > retentionHoursMax) throw retentionTooLong(requestedHours);
}
