import { verifyData } from "../app/data-directory-tools.ts";
import type { Environment } from "../config/config-sources.ts";
import { keyHint, readDataDirectoryArguments } from "./data-directory-arguments.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Resolves with the exit code: 0 no damage, 1 damage, 2 not possible, 3 internal error. */
export async function verify(argv: readonly string[], environment: Environment): Promise<number> {
  const { directory, keys, problems: mistakes } = readDataDirectoryArguments("verify", argv, environment);
  if (mistakes !== undefined) {
    for (const mistake of mistakes) process.stderr.write(`millrace: ${mistake}\n`);
    return 2;
  }
  try {
    const { problems, counts, isOpened, isLocked } = await verifyData(directory, keys);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    if (!isLocked) {
      process.stdout.write(
        "not locked: lock.held is missing or cannot be read; if a server has the directory open, problems may be its writes\n",
      );
    }
    if (!isOpened) {
      process.stdout.write(`encrypted: only checksums were verified; to verify the contents too, give ${keyHint}\n`);
    }
    const damaged = problems.length === 1 ? "damaged, 1 problem" : `damaged, ${problems.length} problems`;
    const outcome = problems.length === 0 ? "no damage" : damaged;
    const pairs = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    process.stdout.write(`${outcome}: ${pairs.join(", ")}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode === 2 ? 2 : 3;
  }
}
