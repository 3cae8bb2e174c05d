import type { OperationName, OperationShapes } from "../model/shapes.generated.ts";
import type { IncomingRecords } from "../records/incoming-records.ts";
import type { PushEvent } from "../records/push-event.ts";
import type { PutResults } from "../records/put-results.ts";
import type { StoredRecords } from "../records/stored-records.ts";
import type { OperationContext } from "./operation-context.ts";

/** Inputs that a codec decodes into columns instead of objects; the rest of the shape is the model's. */
interface ColumnInputs {
  readonly PutRecord: Omit<OperationShapes["PutRecord"]["input"], "Data" | "PartitionKey" | "ExplicitHashKey"> & {
    readonly Record: IncomingRecords;
  };
  readonly PutRecords: Omit<OperationShapes["PutRecords"]["input"], "Records"> & { readonly Records: IncomingRecords };
}

/** Outputs that a codec writes from stored bytes and columns. */
interface ColumnOutputs {
  readonly PutRecords: Omit<OperationShapes["PutRecords"]["output"], "Records"> & { readonly Records: PutResults };
  readonly SubscribeToShard: { readonly EventStream: AsyncIterable<PushEvent> };
  readonly GetRecords: Omit<OperationShapes["GetRecords"]["output"], "Records"> & { readonly Records: StoredRecords };
}

export type InputOf<Name extends OperationName> = Name extends keyof ColumnInputs
  ? ColumnInputs[Name]
  : OperationShapes[Name]["input"];

export type OutputOf<Name extends OperationName> = Name extends keyof ColumnOutputs
  ? ColumnOutputs[Name]
  : OperationShapes[Name]["output"];

/** An API operation: its handler takes and returns the shapes of its name. */
export interface Operation<Name extends OperationName> {
  readonly name: Name;
  readonly plane: "data" | "control";
  readonly handle: (input: InputOf<Name>, context: OperationContext) => Promise<OutputOf<Name>>;
}

export function defineOperation<Name extends OperationName>(row: Operation<Name>): Operation<Name> {
  return Object.freeze(row);
}
