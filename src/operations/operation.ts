import type { OperationName } from "../model/shapes.generated.ts";
import type { InputOf, OutputOf } from "../records/operation-io.ts";
import type { OperationContext } from "./operation-context.ts";

/** An API operation: its handler takes and returns the shapes of its name. */
export interface Operation<Name extends OperationName> {
  readonly name: Name;
  readonly plane: "data" | "control";
  readonly handle: (input: InputOf<Name>, context: OperationContext) => Promise<OutputOf<Name>>;
}

export function defineOperation<Name extends OperationName>(row: Operation<Name>): Operation<Name> {
  return Object.freeze(row);
}
