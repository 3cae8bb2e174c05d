import assert from "node:assert/strict";
import { outputShapes } from "../../model/constraints.generated.ts";
import { type Shape, type StructureShape, structure } from "../../model/shape.ts";
import type { SubscribeToShardEvent } from "../../model/shapes.generated.ts";
import type { StoredRecords } from "../../records/stored-records.ts";

/*
 * A page of GetRecords and a pushed event are alike: a few small members, and `Records` as the last in the alphabet. So
 * the small ones are encoded by their shape, and the records put behind them from stored bytes.
 */

export interface RecordResponse {
  readonly Records: StoredRecords;
}

/** A pushed event as the wire knows it. */
export type EventResponse = Omit<SubscribeToShardEvent, "Records"> & RecordResponse;

/** Free bytes around a payload, for whoever frames it in place. */
export interface PayloadMargins {
  readonly before: number;
  readonly after: number;
}

export const noMargins: PayloadMargins = { before: 0, after: 0 };

/** A page of GetRecords but for its records. */
export const pageWithoutRecords = withoutRecords(outputShapes.GetRecords);

/** An event of SubscribeToShard but for its records. */
export const eventWithoutRecords = withoutRecords(
  eventOf(outputShapes.SubscribeToShard?.byName.get("EventStream")?.shape),
);

function eventOf(shape: Shape | undefined): StructureShape {
  assert(shape?.kind === "eventStream", "SubscribeToShard answers with a stream of events");
  return shape.event;
}

function withoutRecords(shape: StructureShape | undefined): StructureShape {
  assert(shape?.alphabetical.at(-1)?.name === "Records", "records are the last member of an answer that has them");
  return structure(shape.members.filter(({ name }) => name !== "Records"));
}
