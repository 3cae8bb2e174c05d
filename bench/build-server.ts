import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Brings dist/ up to date with src/. */
export function buildServer(): void {
  const setup = join(import.meta.dirname, "../scripts/setup.mjs");
  const { status } = spawnSync(process.execPath, [setup, "--build"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the server does not build");
}
