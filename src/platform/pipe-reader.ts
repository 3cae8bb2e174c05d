/**
 * Whether the reader of a pipe has closed its end. Node tells that only when the next write fails, which may be never for a
 * program that waits for its input. `poll_oneoff` of Node's WASI asks the kernel: a pipe without reader has the state
 * "error", and writing nothing does not show it.
 */
import type { WASI } from "node:wasi";
import { type WasmMemory, webAssembly } from "./web-assembly.ts";

/** A subscription of `poll_oneoff` has 48 bytes, an event 32. */
const subscriptionBytes = 48;
const eventsAt = 256;
const countAt = 512;
const descriptorEvent = 1n;
const clockEvent = 2n;
/** How long the kernel is asked; at 0 the answer would be that of the clock alone. */
const waitNs = 1_000_000n;
const fdReadTag = 1;
const monotonicClock = 1;

type PollOneoff = (subscriptions: number, events: number, count: number, countOut: number) => number;

interface Poller {
  readonly memory: WasmMemory;
  readonly poll: PollOneoff;
}

let poller: Poller | undefined;

/** False also where the system does not tell. Takes 1 ms. */
export function isPipeReaderGone(descriptor: 1 | 2): boolean {
  poller ??= createPoller();
  const { memory, poll } = poller;
  const view = new DataView(memory.buffer);
  new Uint8Array(memory.buffer).fill(0, 0, countAt + 4);
  view.setBigUint64(0, descriptorEvent, true);
  view.setUint8(8, fdReadTag);
  view.setUint32(16, descriptor, true);
  view.setBigUint64(subscriptionBytes, clockEvent, true);
  view.setUint32(subscriptionBytes + 16, monotonicClock, true);
  view.setBigUint64(subscriptionBytes + 24, waitNs, true);
  if (poll(0, eventsAt, 2, countAt) !== 0 || view.getUint32(countAt, true) === 0) return false;
  const isOfDescriptor = view.getBigUint64(eventsAt, true) === descriptorEvent;
  return isOfDescriptor && view.getUint16(eventsAt + 8, true) !== 0;
}

function createPoller(): Poller {
  const memory = new webAssembly.Memory({ initial: 1, maximum: 1 });
  const wasi = loadWasi();
  wasi.initialize({ exports: { memory } });
  const poll = wasi.wasiImport["poll_oneoff"] as PollOneoff;
  return { memory, poll };
}

/** Node prints a warning about the module when it is first loaded; people who read a stream have no use for it. */
function loadWasi(): WASI {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const module = process.getBuiltinModule("node:wasi");
    return new module.WASI({ version: "preview1" });
  } finally {
    process.emitWarning = emitWarning;
  }
}
