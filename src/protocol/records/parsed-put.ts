import type { Lease } from "../../memory/buffer-pool.ts";
import { inputShapes } from "../../model/constraints.generated.ts";
import { type StructureShape, structure } from "../../model/shape.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { type BoundStructure, validate } from "../../model/validate.ts";
import type { IncomingRecords } from "../../records/incoming-records.ts";
import type { InputOf, NonPutOperation, PutOperation, PutRecordMember } from "../../records/operation-io.ts";
import type { ParsedBody } from "../codec/codec.ts";
import { columnsOfValidRecords } from "./put-columns.ts";

/*
 * PutRecord and PutRecords have two ways in. Ordinary records become columns at once: they neither fail to bind nor
 * violate a constraint, so that only the other members are left to be checked. Any other request is bound and validated
 * as a whole, which words the error if there is one.
 */

/** A put whose records are ordinary: they are columns, and meet their constraints. */
export interface OrdinaryPut {
  readonly records: IncomingRecords;
  /** The memory of the columns; absent when they are views of the request's body. */
  readonly lease?: Disposable | undefined;
  /** The other members, bound to their types but not validated. */
  readonly rest: BoundStructure;
}

/** One format's parsed put. */
export interface PutSource {
  /** Undefined when anything at all is unusual. Throws the SerializationException of another member. */
  readonly ordinary: () => OrdinaryPut | undefined;
  /** Binds the whole request. */
  readonly bind: (shape: StructureShape) => BoundStructure;
}

export function isPut<Name extends OperationName>(name: Name): name is Name & PutOperation {
  return name === "PutRecord" || name === "PutRecords";
}

export function isNonPut<Name extends OperationName>(name: Name): name is Name & NonPutOperation {
  return !isPut(name);
}

const recordMembers: readonly PutRecordMember[] = ["Data", "PartitionKey", "ExplicitHashKey"];

/** The input shapes without the members that become columns. */
export const putShapesWithoutRecords = {
  PutRecord: without(inputShapes.PutRecord, recordMembers),
  PutRecords: without(inputShapes.PutRecords, ["Records"]),
};

/** Validates the other members of an ordinary put, and adds the records. */
const completions: {
  readonly [Name in PutOperation]: (rest: BoundStructure, records: IncomingRecords) => InputOf<Name>;
} = {
  PutRecord(rest, Record) {
    validate(putShapesWithoutRecords.PutRecord, rest);
    return { ...rest, Record };
  },
  PutRecords(rest, Records) {
    validate(putShapesWithoutRecords.PutRecords, rest);
    return { ...rest, Records };
  },
};

interface LeasedInput<Name extends PutOperation> {
  readonly input: InputOf<Name>;
  readonly lease: Lease;
}

/** Validates a whole put, then makes columns of its records. */
const conversions: { readonly [Name in PutOperation]: (bound: BoundStructure) => LeasedInput<Name> } = {
  PutRecord(bound) {
    validate(inputShapes.PutRecord, bound);
    const { Data, PartitionKey, ExplicitHashKey, ...rest } = bound;
    const { records, lease } = columnsOfValidRecords([bound]);
    return { input: { ...rest, Record: records }, lease };
  },
  PutRecords(bound) {
    validate(inputShapes.PutRecords, bound);
    const { records, lease } = columnsOfValidRecords(bound.Records);
    return { input: { ...bound, Records: records }, lease };
  },
};

/** A put that one format has scanned from end to end: well formed, its records ordinary. */
export class ScannedPut<Name extends PutOperation> implements ParsedBody<Name> {
  readonly #name: Name;
  readonly #put: OrdinaryPut;

  constructor(name: Name, put: OrdinaryPut) {
    this.#name = name;
    this.#put = put;
  }

  bind(): InputOf<Name> {
    return completions[this.#name](this.#put.rest, this.#put.records);
  }

  [Symbol.dispose](): void {
    this.#put.lease?.[Symbol.dispose]();
  }
}

/** Any put that parses. */
export class ParsedPut<Name extends PutOperation> implements ParsedBody<Name> {
  readonly #name: Name;
  readonly #source: PutSource;
  #lease: Disposable | undefined;

  constructor(name: Name, source: PutSource) {
    this.#name = name;
    this.#source = source;
  }

  bind(): InputOf<Name> {
    const ordinary = this.#source.ordinary();
    if (ordinary !== undefined) {
      this.#lease = ordinary.lease;
      return completions[this.#name](ordinary.rest, ordinary.records);
    }
    const { input, lease } = conversions[this.#name](this.#source.bind(inputShapes[this.#name]));
    this.#lease = lease;
    return input;
  }

  [Symbol.dispose](): void {
    this.#lease?.[Symbol.dispose]();
  }
}

function without<Value extends object, Name extends keyof Value & string>(
  shape: StructureShape<Value>,
  names: readonly Name[],
): StructureShape<Omit<Value, Name>> {
  const left: ReadonlySet<string> = new Set(names);
  return structure(shape.members.filter(({ name }) => !left.has(name)));
}
