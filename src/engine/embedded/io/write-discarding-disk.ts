import type { Disk } from "./disk.ts";

/** A disk that ignores every change: for commands that only read a directory. */
export function writeDiscardingDisk(disk: Disk): Disk {
  const nothing = async (): Promise<void> => undefined;
  return {
    probe: async () => false,
    allocate: (byteCount) => disk.allocate(byteCount),
    open: async (path) => {
      const file = await disk.open(path, "read");
      return { ...readersOf(file), write: nothing, sync: nothing, setLength: nothing };
    },
    list: (directory) => disk.list(directory),
    makeDirectory: async () => undefined,
    rename: nothing,
    link: nothing,
    remove: nothing,
    removeDirectory: nothing,
    syncDirectory: nothing,
    freeBytes: (directory) => disk.freeBytes(directory),
    lock: (directory) => disk.lock(directory),
    lockForReading: (directory) => disk.lockForReading(directory),
  };
}

function readersOf(file: Awaited<ReturnType<Disk["open"]>>) {
  return {
    read: (into: Uint8Array, at: number) => file.read(into, at),
    length: () => file.length(),
    close: () => file.close(),
  };
}
