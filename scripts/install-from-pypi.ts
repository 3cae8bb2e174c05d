import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Installation, InstallError, installOnce, run, say } from "./install-once.ts";

/** Whichever has pip: that of the client tools does. */
export const pythons: readonly string[] = [
  join(import.meta.dirname, "..", ".cache", "client-tools", "bin", "python3"),
  "python3",
];

/** What a script installs with pip. Its folder is emptied before. */
export interface PypiInstallation extends Omit<Installation, "install"> {
  /** What people call it, with its version. */
  readonly what: string;
  /** Packages with their versions, and options, as `pip install` takes them. */
  readonly packages: readonly string[];
  readonly installMsMax: number;
}

/** Installs packages of PyPI as `installOnce()` does. */
export async function installFromPypi(installation: PypiInstallation): Promise<void> {
  const { script, folder, isInstalled, what, packages, installMsMax } = installation;
  const install = async (): Promise<void> => {
    const python = pythons.find((each) => spawnSync(each, ["-m", "pip", "--version"]).status === 0);
    if (python === undefined)
      throw new InstallError("no Python with pip is here; scripts/get-client-tools.mjs brings one");
    say(script, `installing ${what} from PyPI`);
    rmSync(folder, { recursive: true, force: true });
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    const args = ["-m", "pip", "install", ...quiet, "--target", folder, ...packages];
    const code = await run(python, args, { timeout: installMsMax });
    if (code !== 0 || !isInstalled()) throw new InstallError("pip could not install it; its own words are above");
  };
  await installOnce({ script, folder, isInstalled, install });
}
