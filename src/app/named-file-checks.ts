import { validateCredentialsFile } from "../auth/credentials-file.ts";
import type { FileChecks } from "../config/load-config.ts";
import { validateLimitsFile } from "../limits/limits-file.ts";

/** Checks of the files that a configuration names, by the modules that define their contents. */
export const namedFileChecks: FileChecks = { limits: validateLimitsFile, credentials: validateCredentialsFile };
