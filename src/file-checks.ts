import { problemsOfCredentials } from "./auth/credentials-file.ts";
import type { FileChecks } from "./config/load-config.ts";
import { problemsOfLimits } from "./limits/limits-file.ts";

/** What the configuration asks the other rooms about the files that it names. */
export const fileChecks: FileChecks = { limits: problemsOfLimits, credentials: problemsOfCredentials };
