// The thread that waits until a pipe has lost its reader, posts one message then, and ends.
import { parentPort, workerData } from "node:worker_threads";
import { webAssembly } from "./web-assembly.ts";

/** What the thread is started with. */
export interface WatchedPipe {
  readonly descriptor: 1 | 2;
}

/** A subscription of `poll_oneoff` has 48 bytes, an event 32. */
const subscriptionBytes = 48;
const eventsAt = 256;
const countAt = 512;
const descriptorEvent = 1n;
const clockEvent = 2n;
/** How long the kernel is asked each time: the process ends only between two times. */
const waitNs = 50_000_000n;
const fdReadTag = 1;
const monotonicClock = 1;

type PollOneoff = (subscriptions: number, events: number, count: number, countOut: number) => number;

/** A pipe without reader has the state "error". False also where the system does not tell. */
function isReaderGone(view: DataView<ArrayBuffer>, poll: PollOneoff, descriptor: number): boolean {
  new Uint8Array(view.buffer).fill(0, 0, countAt + 4);
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

function waitForEnd({ descriptor }: WatchedPipe): void {
  const memory = new webAssembly.Memory({ initial: 1, maximum: 1 });
  const { WASI } = process.getBuiltinModule("node:wasi");
  const wasi = new WASI({ version: "preview1" });
  wasi.initialize({ exports: { memory } });
  const poll = wasi.wasiImport["poll_oneoff"] as PollOneoff;
  const view = new DataView(memory.buffer);
  while (!isReaderGone(view, poll, descriptor));
  parentPort?.postMessage("gone");
}

waitForEnd(workerData as WatchedPipe);
