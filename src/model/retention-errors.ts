import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

interface RetentionChange {
  readonly requestedHours: number;
  readonly currentHours: number;
}

export function retentionTooShort(requestedHours: number): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Minimum allowed retention period is 24 hours. Requested retention period (${requestedHours} hours) is too short.`,
  );
}

export function retentionTooLong(requestedHours: number): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Maximum allowed retention period is 8760 hours. Requested retention period (${requestedHours} hours) is too long.`,
  );
}

/** DecreaseStreamRetentionPeriod to more than the present hours. The text has an old name of the other operation. */
export function retentionNotDecreased(stream: Pick<StreamPlace, "name">, change: RetentionChange): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Requested retention period (${change.requestedHours} hours) for stream ${stream.name} can not be longer than existing retention period (${change.currentHours} hours). Use IncreaseRetentionPeriod API.`,
  );
}

/** IncreaseStreamRetentionPeriod to less than the present hours. */
export function retentionNotIncreased(stream: Pick<StreamPlace, "name">, change: RetentionChange): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Requested retention period (${change.requestedHours} hours) for stream ${stream.name} can not be shorter than existing retention period (${change.currentHours} hours). Use DecreaseRetentionPeriod API.`,
  );
}
