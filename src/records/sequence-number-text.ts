import { encodeSequenceNumber, type SequenceNumberParts } from "../streams/positions/sequence-number.ts";
import { type WasmModule, wasmModule } from "./wasm-module.ts";

/** As wasm/sequence-number.ts has them. */
const SERIES_BYTES = 56;
const DIGITS = 56;

/** A span of the kernels' memory for a series and its digits, kept for ever. 0: none was free yet. */
let scratch = 0;

/** The decimal sequence number of one record: by the kernels where they are to be had, which spares its arithmetic. */
export function sequenceNumberText(parts: SequenceNumberParts): string {
  const machine = wasmModule();
  if (machine === undefined || !hasScratch(machine)) return encodeSequenceNumber(parts).toString();
  const { calls, memory } = machine;
  calls.beginSeries(scratch, parts.createSecond, parts.shardIndex, parts.position, parts.second);
  const digits = scratch + SERIES_BYTES;
  calls.writeNext(scratch, digits);
  return memory.toString("latin1", digits, digits + DIGITS);
}

function hasScratch({ spans }: WasmModule): boolean {
  if (scratch === 0) scratch = spans.take(SERIES_BYTES + DIGITS);
  return scratch !== 0;
}
