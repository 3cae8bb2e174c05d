import { inputShapes } from "../../model/constraints.generated.ts";
import type { StructureShape } from "../../model/shape.ts";
import { type BoundStructure, validate } from "../../model/validate.ts";
import type { InputOf, NonPutOperation } from "../../records/operation-io.ts";
import type { ParsedBody } from "../codec/codec.ts";

const shapes: { readonly [Name in NonPutOperation]: StructureShape<InputOf<Name>> } = inputShapes;

/** The parsed body of an operation that takes no records. Owns no memory. */
export class ParsedStructure<Name extends NonPutOperation> implements ParsedBody<Name> {
  readonly #name: Name;
  readonly #bind: (shape: StructureShape) => BoundStructure;

  constructor(name: Name, bind: (shape: StructureShape) => BoundStructure) {
    this.#name = name;
    this.#bind = bind;
  }

  bind(): InputOf<Name> {
    const shape = shapes[this.#name];
    const bound = this.#bind(shape);
    validate(shape, bound);
    return bound;
  }

  [Symbol.dispose](): void {}
}
