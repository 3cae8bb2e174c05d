import { inputShapes } from "../../model/constraints.generated.ts";
import { type StructureShape, structure } from "../../model/shape.ts";
import { type BoundStructure, validate } from "../../model/validate.ts";
import type { IncomingRecords } from "../../records/incoming-records.ts";
import { type CheckedRecord, columnsOfChecked } from "./record-columns.ts";
import { ScannedPut } from "./scan-put.ts";

/*
 * PutRecord and PutRecords have two ways in. Ordinary records become columns at once: they neither fail to bind nor
 * violate anything, so what is left of the request decides alone. Any other request is bound and validated as a whole.
 */

const recordMembers: readonly string[] = ["Data", "PartitionKey", "ExplicitHashKey"];

export const putRecordWithoutRecord = without(inputShapes.PutRecord, recordMembers);
export const putRecordsWithoutRecords = without(inputShapes.PutRecords, ["Records"]);

/** The input that a scanned request comes to: only its other members are still to be validated. */
export function scannedPutInput(name: "PutRecord" | "PutRecords", { records, rest }: ScannedPut): object {
  if (name === "PutRecord") {
    validate(putRecordWithoutRecord, rest);
    return { ...rest, Record: records };
  }
  validate(putRecordsWithoutRecords, rest);
  return { ...rest, Records: records };
}

/** The input that a whole request, bound and validated, comes to. */
export function checkedPutRecord(bound: BoundStructure): object {
  const rest = Object.fromEntries(Object.entries(bound).filter(([name]) => !recordMembers.includes(name)));
  return { ...rest, Record: columnsOfChecked([bound as unknown as CheckedRecord]) };
}

/** As `checkedPutRecord()`. */
export function checkedPutRecords(bound: BoundStructure): object {
  return { ...bound, Records: columnsOfChecked(bound["Records"] as unknown as readonly CheckedRecord[]) };
}

/** Gives the memory of a put's columns back, from what was parsed and what it was decoded to; of any other there is none. */
export function releasePut(parsed: unknown, input: object | undefined): void {
  if (parsed instanceof ScannedPut) {
    parsed.release();
    return;
  }
  const { Record, Records } = (input ?? {}) as {
    readonly Record?: IncomingRecords;
    readonly Records?: IncomingRecords;
  };
  (Records ?? Record)?.release?.();
}

function without(shape: StructureShape, names: readonly string[]): StructureShape {
  return structure(shape.members.filter(({ name }) => !names.includes(name)));
}
