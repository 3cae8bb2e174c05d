import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { EventOutput, InputOf, OutputOf } from "../../records/operation-io.ts";

/**
 * A request's body that parses, not yet bound to the operation's shape. It owns the memory that its input is decoded to;
 * the caller of `parse()` disposes of it, once, after the last use of the input.
 */
export interface ParsedBody<Name extends OperationName> extends Disposable {
  /**
   * Binds to the input shape (SerializationException with Message), then checks constraints (ValidationException). The
   * input may point into the request's body. Called once.
   */
  bind(): InputOf<Name>;
}

/** The body of a response. A lease is the caller's: it disposes of it when the bytes are sent. */
export type EncodedBody = Uint8Array | string | BufferLease;

/** Free bytes around a payload, so that a frame can be written around it in place. */
export interface PayloadMargins {
  readonly before: number;
  readonly after: number;
}

export const noMargins: PayloadMargins = { before: 0, after: 0 };

/** One wire format: JSON 1.1, and its sibling CBOR 1.1. */
export interface Codec {
  /** `application/x-amz-json-1.1` …; also the content type of every response. */
  readonly contentType: string;
  /** Throws a `SerializationException` without a message when the body does not parse to an object. */
  parse<Name extends OperationName>(body: Uint8Array, name: Name): ParsedBody<Name>;
  /** As `parse()`, for an operation that does not exist. */
  checkSyntax(body: Uint8Array): void;
  /** The body of a 200; empty for operations without an output. Disposes of the memory behind stored records. */
  encode<Name extends OperationName>(name: Name, output: OutputOf<Name>): EncodedBody;
  /** The body of an error response. */
  encodeError(error: {
    readonly type: string;
    readonly message?: string;
    readonly capitalMessage?: boolean;
  }): Uint8Array | string;
  /** A structure without members: what an event stream begins with. */
  readonly emptyStructure: Uint8Array;
  /** The payload of one pushed event, with its margins, which hold rubbish. */
  encodeEvent(event: EventOutput, margins: PayloadMargins): BufferLease;
  /** The payload of an error that ends an event stream: its type is in the headers. An empty message is left out. */
  encodeException(message: string): Uint8Array;
}
