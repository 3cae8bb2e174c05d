import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { blockBytes, type Disk, type DiskFile, type OpenMode } from "./disk.ts";
import { isDirect, nodeDisk, openFlags, readBytesMax } from "./node-disk.ts";

/**
 * The real disk for a thread of its own (compaction): files are read and written in that thread, so the thread pool stays free
 * for the reads and writes of requests.
 */
export const blockingDisk: Disk = {
  ...nodeDisk,
  async open(path, mode) {
    return new BlockingFile(openSync(path, openFlags[mode], 0o600), mode);
  },
};

class BlockingFile implements DiskFile {
  readonly #descriptor: number;
  readonly #isDirect: boolean;

  constructor(descriptor: number, mode: OpenMode) {
    this.#descriptor = descriptor;
    this.#isDirect = isDirect(mode);
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.byteLength) {
      const wanted = Math.min(into.byteLength - done, readBytesMax);
      const count = readSync(this.#descriptor, into, done, wanted, at + done);
      done += count;
      if (count === 0 || (this.#isDirect && count % blockBytes !== 0)) break;
    }
    return done;
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const count = writeSync(this.#descriptor, bytes, done, bytes.byteLength - done, at + done);
      // A full disk takes a part first, and reports the error at the next write.
      if (count === 0) throw new Error("the disk accepted no more bytes");
      done += count;
    }
  }

  async sync(): Promise<void> {
    fdatasyncSync(this.#descriptor);
  }

  async length(): Promise<number> {
    return fstatSync(this.#descriptor).size;
  }

  async setLength(byteCount: number): Promise<void> {
    ftruncateSync(this.#descriptor, byteCount);
  }

  async close(): Promise<void> {
    closeSync(this.#descriptor);
  }
}
