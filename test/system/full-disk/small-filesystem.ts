/** A real file system of a few MiB, where this machine and this user may have one. Whatever happens, it is unmounted again. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallFilesystem extends Disposable {
  readonly kind: "ext4 on a loop device" | "tmpfs of a fixed size" | "a directory of the machine's own disk";
  /** Empty, and ours. */
  readonly directory: string;
}

const mounted = new Map<string, string>();
process.on("exit", () => {
  for (const root of mounted.keys()) takeDown(root);
});

/** The third kind, if the machine allows no other: then nothing but a budget bounds what is written. */
export function makeSmallFilesystem(byteCount: number): SmallFilesystem {
  const root = mkdtempSync(join(tmpdir(), "millrace-small-"));
  const mountPoint = mkdtempSync(join(root, "mount-"));
  mounted.set(root, mountPoint);
  const image = join(root, "image");
  writeFileSync(image, "");
  truncateSync(image, byteCount);
  const made = (kind: SmallFilesystem["kind"]): SmallFilesystem => ({
    kind,
    directory: mountPoint,
    [Symbol.dispose]: () => takeDown(root),
  });
  if (succeeds("mkfs.ext4", "-q", "-m", "0", image) && succeeds("mount", "-o", "loop", image, mountPoint)) {
    return made("ext4 on a loop device");
  }
  if (succeeds("mount", "-t", "tmpfs", "-o", `size=${byteCount}`, "tmpfs", mountPoint)) {
    return made("tmpfs of a fixed size");
  }
  return made("a directory of the machine's own disk");
}

function takeDown(root: string): void {
  const mountPoint = mounted.get(root);
  if (mountPoint === undefined) return;
  mounted.delete(root);
  // Fails where nothing was mounted; lazily, in case a process still uses it.
  if (!succeeds("umount", mountPoint)) succeeds("umount", "-l", mountPoint);
  rmSync(root, { recursive: true, force: true });
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
