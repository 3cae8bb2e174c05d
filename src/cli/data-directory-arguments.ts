import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { KeyProviderConfig } from "../config/config.ts";
import type { Environment } from "../config/config-sources.ts";
import { environmentName } from "../config/flags.ts";
import { loadConfigFromObject } from "../config/load-config.ts";

/** The directory and, if given, where its master key is; or all problems, each as one sentence. */
export type DataDirectoryArguments =
  | { readonly directory: string; readonly keys: KeyProviderConfig | undefined; readonly problems?: undefined }
  | { readonly directory?: undefined; readonly keys?: undefined; readonly problems: readonly string[] };

/** The options that open an encrypted directory. */
export const keyHint = "--keyring FILE or --key-provider kms";

const keyFlags = ["key-provider", "keyring", "kms-endpoint", "kms-region"] as const;

/** Reads the arguments of a command that takes one data directory and the flags of its key. */
export function readDataDirectoryArguments(
  command: string,
  argv: readonly string[],
  environment: Environment,
): DataDirectoryArguments {
  const usage = {
    problems: [`usage: millrace ${command} DIR, with one data directory, and ${keyHint} if it is encrypted`],
  };
  const given = splitArguments(argv);
  if (given === undefined) return usage;
  const settings = new Map<string, string>();
  const names = new Map<string, string>();
  for (const flag of keyFlags) {
    const [own, inherited] = [given.values[flag], environment[environmentName(flag)]];
    const text = own ?? inherited;
    if (text === undefined || text === "") continue;
    settings.set(flag, text);
    if (own === undefined) names.set(flag, environmentName(flag));
  }
  const directory = resolve(given.directory);
  if (settings.size === 0) return { directory, keys: undefined };
  const noChecks = { limits: () => [], credentials: () => [] };
  const nameOf = (flag: string): string => names.get(flag) ?? `--${flag}`;
  const withDirectory = { ...Object.fromEntries(settings), "data-dir": directory };
  const loaded = loadConfigFromObject(withDirectory, nameOf, () => "", noChecks);
  return loaded.problems === undefined ? { directory, keys: loaded.config.keys } : { problems: loaded.problems };
}

type KeyTexts = Readonly<Partial<Record<(typeof keyFlags)[number], string>>>;

function splitArguments(
  argv: readonly string[],
): { readonly directory: string; readonly values: KeyTexts } | undefined {
  try {
    const options = Object.fromEntries(keyFlags.map((flag) => [flag, { type: "string" as const }]));
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const [directory, ...rest] = positionals;
    return directory === undefined || rest.length > 0 ? undefined : { directory, values: values as KeyTexts };
  } catch {
    return undefined;
  }
}
