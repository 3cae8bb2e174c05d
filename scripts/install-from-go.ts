import { mkdirSync } from "node:fs";
import { type Installation, InstallError, installOnce, run, say } from "./install-once.ts";

/** What a script builds with Go. */
export interface GoInstallation extends Omit<Installation, "install"> {
  /** What people call it, with its version. */
  readonly what: string;
  /** `PACKAGE@VERSION`, as `go install` takes it. */
  readonly program: string;
}

const buildMsMax = 600_000;

/** Builds a program from the Go module proxy as `installOnce()` does; resolves with whether it is there then. */
export async function installFromGo(installation: GoInstallation): Promise<boolean> {
  const { script, folder, isInstalled, what, program } = installation;
  const install = async (): Promise<void> => {
    say(script, `building ${what} with Go`);
    mkdirSync(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder, GOFLAGS: "-modcacherw" };
    const code = await run("go", ["install", program], { timeout: buildMsMax, env });
    if (code === undefined) throw new InstallError("Go is not in PATH; please install it");
    if (code !== 0 || !isInstalled()) throw new InstallError("go install could not build it; its own words are above");
  };
  return await installOnce({ script, folder, isInstalled, install });
}
