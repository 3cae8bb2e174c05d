import type { OperationName } from "../../model/shapes.generated.ts";
import type { InputOf, OutputOf } from "../../operations/operation.ts";
import type { EventResponse, PayloadMargins } from "../records/record-responses.ts";

/** One wire format: JSON 1.1, and its sibling CBOR 1.1. */
export interface Codec {
  /** `application/x-amz-json-1.1` …; echoed in every answer. */
  readonly contentType: string;
  /**
   * The body as something that `decode()` understands, not yet bound to an operation's shape.
   * Throws a `SerializationException` without a message when it does not parse to an object (behaviour of step 7).
   * Told for which operation, it may do more than parse; only that operation can then be decoded.
   */
  parse(body: Uint8Array, name?: OperationName): unknown;
  /**
   * Binds to the input shape (SerializationException with Message), then checks constraints (ValidationException).
   * The result may point into the body.
   */
  decode<Name extends OperationName>(name: Name, parsed: unknown): InputOf<Name>;
  /** Gives back the pooled memory behind a parsed body and what it was decoded to, once the request has been answered. */
  release(parsed: unknown, input: object | undefined): void;
  /** The body of a 200; empty for operations without an output. */
  encode<Name extends OperationName>(name: Name, output: OutputOf<Name>): Uint8Array | string;
  /** The body of an error answer. */
  encodeError(error: {
    readonly type: string;
    readonly message?: string;
    readonly capitalMessage?: boolean;
  }): Uint8Array | string;
  /** A structure without members: what an event stream begins with. */
  readonly emptyStructure: Uint8Array;
  /** The payload of one pushed event, with the room around it. */
  encodeEvent(event: EventResponse, room: PayloadMargins): Buffer;
  /** The payload of an error that ends an event stream: its type is in the headers. An empty message is left out. */
  encodeException(message: string): Uint8Array;
}
