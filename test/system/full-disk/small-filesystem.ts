/** A file system of a few MiB for a server and its test. Whatever happens, it is taken down again. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitedDirectory } from "./limited-directory.ts";

export interface SmallFilesystem extends Disposable {
  readonly kind:
    | "ext4 on a loop device"
    | "tmpfs of a fixed size"
    | "tmpfs in a user namespace"
    | "directory with a limit in the server";
  /** Empty, and ours. */
  readonly directory: string;
  /** For the server whose data is in the directory. */
  readonly env: Readonly<Record<string, string>>;
  /** Another program takes every block that is left, with a file. */
  takeAllSpace(path: string): void;
}

const mebibyte = 1024 * 1024;

interface Made {
  readonly kind: SmallFilesystem["kind"];
  readonly directory: string;
  readonly takeDown: () => void;
}

const undo = new Map<string, () => void>();
process.on("exit", () => {
  for (const takeDown of undo.values()) takeDown();
});

/**
 * Real where this user may mount one, or have it in a user namespace. Where neither is possible, the engine's `Disk` has the
 * limit, in the server's process: the same errors at the same writes.
 */
export async function makeSmallFilesystem(byteCount: number): Promise<SmallFilesystem> {
  const root = mkdtempSync(join(tmpdir(), "millrace-small-"));
  const mountPoint = mkdtempSync(join(root, "mount-"));
  const { kind, directory, takeDown } = mounted(root, mountPoint, byteCount) ??
    (await inNamespace(mountPoint, byteCount)) ?? {
      kind: "directory with a limit in the server",
      directory: mountPoint,
      takeDown: () => undefined,
    };
  undo.set(root, () => {
    undo.delete(root);
    takeDown();
    rmSync(root, { recursive: true, force: true });
  });
  const limit =
    kind === "directory with a limit in the server" ? new LimitedDirectory(directory, byteCount) : undefined;
  return {
    kind,
    directory,
    env: limit?.environment ?? {},
    takeAllSpace: limit === undefined ? takeAllSpace : (path) => limit.takeAllSpace(path),
    [Symbol.dispose]: () => undo.get(root)?.(),
  };
}

function mounted(root: string, mountPoint: string, byteCount: number): Made | undefined {
  const image = join(root, "image");
  writeFileSync(image, "");
  truncateSync(image, byteCount);
  // Lazily where it does not work at once, in case a process still uses it.
  const takeDown = (): void => void (succeeds("umount", mountPoint) || succeeds("umount", "-l", mountPoint));
  const made = { directory: mountPoint, takeDown };
  if (succeeds("mkfs.ext4", "-q", "-m", "0", image) && succeeds("mount", "-o", "loop", image, mountPoint)) {
    return { ...made, kind: "ext4 on a loop device" };
  }
  if (succeeds("mount", "-t", "tmpfs", "-o", `size=${byteCount}`, "tmpfs", mountPoint)) {
    return { ...made, kind: "tmpfs of a fixed size" };
  }
  return undefined;
}

/** A process that holds a namespace in which this user may mount; others see its files through `/proc/PID/root`. */
async function inNamespace(mountPoint: string, byteCount: number): Promise<Made | undefined> {
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo mounted && exec cat';
  const args = ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", String(byteCount), mountPoint];
  const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "ignore"] });
  const takeDown = (): void => void holder.kill("SIGKILL");
  if (!(await saysMounted(holder))) return undefined;
  const directory = `/proc/${holder.pid}/root${mountPoint}`;
  try {
    const { bsize, blocks } = statfsSync(directory);
    if (bsize * blocks <= 2 * byteCount) return { kind: "tmpfs in a user namespace", directory, takeDown };
  } catch {
    // The system lets no other process in.
  }
  takeDown();
  return undefined;
}

async function saysMounted(holder: ChildProcess): Promise<boolean> {
  const ended = new AbortController();
  // Both come before "data" where the program is absent, or the system refuses it.
  for (const event of ["error", "close"]) holder.once(event, () => ended.abort());
  const { stdout } = holder;
  if (stdout === null) return false;
  return await once(stdout, "data", { signal: ended.signal }).then(
    () => true,
    () => false,
  );
}

function takeAllSpace(path: string): void {
  const file = openSync(path, "w");
  for (const bytes of [mebibyte, 4096]) {
    try {
      while (writeSync(file, Buffer.alloc(bytes, 1)) === bytes);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
  closeSync(file);
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
