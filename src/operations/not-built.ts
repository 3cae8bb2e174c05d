import { internalFailure } from "../model/request-errors.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import { type Operation, operation } from "./operation.ts";

/** A row for an operation that this version knows and cannot do. It says so instead of pretending. */
export function notBuilt<Name extends OperationName>(name: Name): Operation<Name> {
  return operation({
    name,
    plane: "control",
    async handle() {
      throw internalFailure(`Millrace does not have the operation ${name} yet.`);
    },
  });
}
