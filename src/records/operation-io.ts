import type { OperationName, OperationShapes, SubscribeToShardEvent } from "../model/shapes.generated.ts";
import type { IncomingRecords } from "./incoming-records.ts";
import type { OutgoingRecords } from "./outgoing-records.ts";
import type { PushEvent } from "./push-event.ts";
import type { PutResults } from "./put-results.ts";
import type { ReceivedRecords } from "./received-records.ts";

/*
 * What each operation takes and returns: the model's shapes, but that records are columns and stored bytes instead of
 * objects.
 */

/** Inputs whose records a codec decodes into columns. */
interface ColumnInputs {
  readonly PutRecord: Omit<OperationShapes["PutRecord"]["input"], PutRecordMember> & {
    readonly Record: IncomingRecords;
  };
  readonly PutRecords: Omit<OperationShapes["PutRecords"]["input"], "Records"> & { readonly Records: IncomingRecords };
}

/** The members of a PutRecord that make up its record. */
export type PutRecordMember = "Data" | "PartitionKey" | "ExplicitHashKey";

/** Outputs whose records a codec writes from stored bytes and columns. */
interface ColumnOutputs {
  readonly PutRecords: Omit<OperationShapes["PutRecords"]["output"], "Records"> & { readonly Records: PutResults };
  readonly SubscribeToShard: { readonly EventStream: AsyncIterable<PushEvent> };
  readonly GetRecords: Omit<OperationShapes["GetRecords"]["output"], "Records"> & { readonly Records: OutgoingRecords };
  readonly ReceiveQueueRecords: ReceiveOutput;
  readonly ReceiveDeadLetterQueueRecords: ReceiveOutput;
}

interface ReceiveOutput {
  readonly QueueRecords: ReceivedRecords;
}

export type PutOperation = keyof ColumnInputs;
/** The operations whose input is the model's. */
export type NonPutOperation = Exclude<OperationName, PutOperation>;

type PlainInputs = { readonly [Name in NonPutOperation]: OperationShapes[Name]["input"] };

interface Inputs extends PlainInputs, ColumnInputs {}

type PlainOutputs = {
  readonly [Name in Exclude<OperationName, keyof ColumnOutputs>]: OperationShapes[Name]["output"];
};

interface Outputs extends PlainOutputs, ColumnOutputs {}

export type InputOf<Name extends OperationName> = Inputs[Name];
export type OutputOf<Name extends OperationName> = Outputs[Name];

/** One event of SubscribeToShard as the wire has it. */
export type EventOutput = Omit<SubscribeToShardEvent, "Records"> & { readonly Records: OutgoingRecords };
