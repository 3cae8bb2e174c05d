/**
 * Gets the shells whose completion is tested: zsh and fish, as Debian's packages, where the machine has apt-get and this
 * process may install. Elsewhere it does nothing, and the tests use the shells that the machine has. `npm test` runs it.
 */
import { spawnSync } from "node:child_process";

const shells = ["zsh", "fish"];
const stepMsMax = 300_000;

const isMissing = (shell) => spawnSync(shell, ["-c", "exit"]).error !== undefined;
const missing = shells.filter(isMissing);
const mayInstall = process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;

if (missing.length > 0 && mayInstall) {
  process.stderr.write(`get-shells: installing ${missing.join(" and ")}\n`);
  const stdio = ["ignore", process.stderr, process.stderr];
  const options = { stdio, timeout: stepMsMax, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...missing];
  // The lists of packages may be there already.
  if (spawnSync("apt-get", install, options).status !== 0) {
    spawnSync("apt-get", ["update", "-qq"], options);
    process.exitCode = spawnSync("apt-get", install, options).status ?? 1;
  }
}
