import { validateCredentialsFile } from "../auth/credentials-file.ts";
import type { FileChecks } from "../config/load-config.ts";
import { validateLimitsFile } from "../limits/limits-file.ts";

/** What the configuration asks the other rooms about the files that it names. */
export const configFileChecks: FileChecks = { limits: validateLimitsFile, credentials: validateCredentialsFile };
