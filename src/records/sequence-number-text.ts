import { encodeSequenceNumber, type SequenceNumberParts } from "../streams/positions/sequence-number.ts";
import { SEQUENCE_NUMBER_DIGITS, SERIES_BYTES, wasmModule } from "./wasm-module.ts";

/** The decimal sequence number of one record; the WebAssembly module, where there is one, spares its arithmetic. */
export function sequenceNumberText(parts: SequenceNumberParts): string {
  const wasm = wasmModule();
  if (wasm === undefined) return encodeSequenceNumber(parts).toString();
  const { calls, memory, series } = wasm;
  calls.beginSeries(series.at, parts.createSecond, parts.shardIndex, parts.position, parts.second);
  const digits = series.at + SERIES_BYTES;
  calls.writeNext(series.at, digits);
  return memory.toString("latin1", digits, digits + SEQUENCE_NUMBER_DIGITS);
}
