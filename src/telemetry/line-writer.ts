import type { Writable } from "node:stream";

/** Bytes of lines that may wait for a reader. */
const waitingBytesMax = 1024 * 1024;

/**
 * Writes lines to an output whose reader may stall, such as the standard error of a process whose log collector hangs. Node
 * keeps in memory whatever a pipe does not take. Here a line is dropped as a whole where too much waits, and counted.
 */
export class LineWriter {
  readonly #output: Writable;
  readonly #onRoom: (droppedCount: number) => void;
  #droppedCount = 0;

  /** `onRoom` is called with the number of dropped lines when the reader has taken everything that waited. */
  constructor(output: Writable, onRoom: (droppedCount: number) => void) {
    this.#output = output;
    this.#onRoom = onRoom;
  }

  write(line: string): void {
    // Until the report has been written, the lines behind the dropped ones would look as if none were missing.
    if (this.#droppedCount === 0 && this.#hasRoom(line)) {
      this.#output.write(line);
      return;
    }
    if (this.#droppedCount++ === 0) this.#output.once("drain", () => this.#report());
  }

  /** Also for a line of any length while the reader keeps up: no "drain" would follow on its being dropped. */
  #hasRoom(line: string): boolean {
    const { writableNeedDrain, writableLength } = this.#output;
    return !writableNeedDrain || writableLength + line.length <= waitingBytesMax;
  }

  #report(): void {
    const count = this.#droppedCount;
    this.#droppedCount = 0;
    this.#onRoom(count);
  }
}

/** Resolves when the reader has everything that was written, or after `msMax`. */
export function untilRead(output: Writable, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    if (output.writableLength === 0) return resolve();
    const timer = setTimeout(resolve, msMax);
    output.write("", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
