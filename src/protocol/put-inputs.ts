import { inputShapes } from "../model/constraints.generated.ts";
import { type StructureShape, structure } from "../model/shape.ts";
import type { BoundStructure } from "../model/validate.ts";
import type { IncomingRecords } from "../records/incoming-records.ts";
import { type CheckedRecord, columnsOfChecked } from "./record-columns.ts";

/*
 * PutRecord and PutRecords have two ways in. Ordinary records become columns at once: they neither fail to bind nor
 * violate anything, so what is left of the request decides alone. Any other request is bound and validated as a whole.
 */

const recordMembers: readonly string[] = ["Data", "PartitionKey", "ExplicitHashKey"];

export const putRecordWithoutRecord = without(inputShapes.PutRecord, recordMembers);
export const putRecordsWithoutRecords = without(inputShapes.PutRecords, ["Records"]);

/** The input that a whole request, bound and validated, comes to. */
export function checkedPutRecord(bound: BoundStructure): object {
  const rest = Object.fromEntries(Object.entries(bound).filter(([name]) => !recordMembers.includes(name)));
  return { ...rest, Record: columnsOfChecked([bound as unknown as CheckedRecord]) };
}

/** As `checkedPutRecord()`. */
export function checkedPutRecords(bound: BoundStructure): object {
  return { ...bound, Records: columnsOfChecked(bound["Records"] as unknown as readonly CheckedRecord[]) };
}

/** Gives the memory of a put's columns back; of any other input there is none. */
export function releaseRecords(input: object | undefined): void {
  const { Record, Records } = (input ?? {}) as {
    readonly Record?: IncomingRecords;
    readonly Records?: IncomingRecords;
  };
  (Records ?? Record)?.release?.();
}

function without(shape: StructureShape, names: readonly string[]): StructureShape {
  return structure(shape.members.filter(({ name }) => !names.includes(name)));
}
