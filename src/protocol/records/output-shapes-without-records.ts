import assert from "node:assert/strict";
import { outputShapes } from "../../model/constraints.generated.ts";
import { type Shape, type StructureShape, structure } from "../../model/shape.ts";

/*
 * A page of GetRecords and a pushed event are alike: a few small members, and `Records` as the last in the alphabet. So
 * the small ones are encoded by these shapes, and the records are written behind them from stored bytes.
 */

export const pageShapeWithoutRecords = withoutRecords(outputShapes.GetRecords);

export const eventShapeWithoutRecords = withoutRecords(
  eventOf(outputShapes.SubscribeToShard?.byName.get("EventStream")?.shape),
);

function eventOf(shape: Shape | undefined): StructureShape {
  assert(shape?.kind === "eventStream", "SubscribeToShard returns a stream of events");
  return shape.event;
}

function withoutRecords(shape: StructureShape | undefined): StructureShape {
  assert(shape?.alphabetical.at(-1)?.name === "Records", "records are the last member of an output that has them");
  return structure(shape.members.filter(({ name }) => name !== "Records"));
}
