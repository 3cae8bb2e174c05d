import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { KeysChoice } from "../config/config.ts";
import type { Environment } from "../config/config-sources.ts";
import { environmentName } from "../config/flags.ts";
import { loadConfigFromObject } from "../config/load-config.ts";

/** What to look at, and who keeps its master key, if anybody said; or every mistake, each as one sentence. */
export type DataDirectoryArguments =
  | { readonly directory: string; readonly keys: KeysChoice | undefined; readonly problems?: undefined }
  | { readonly directory?: undefined; readonly keys?: undefined; readonly problems: readonly string[] };

/** What opens an encrypted directory, for those who did not say it. */
export const keyHint = "--keyring FILE, or --key-provider kms";

const keyFlags = ["key-provider", "keyring", "kms-endpoint", "kms-region"] as const;

/** Of a command that takes one data directory, and the flags that say where its key is. */
export function readDataDirectoryArguments(
  command: string,
  argv: readonly string[],
  environment: Environment,
): DataDirectoryArguments {
  const usage = { problems: [`${command} takes one data directory, and ${keyHint} if it is encrypted`] };
  const given = split(argv);
  if (given === undefined) return usage;
  const settings = new Map<string, string>();
  const names = new Map<string, string>();
  for (const flag of keyFlags) {
    const [own, fromOutside] = [given.values[flag], environment[environmentName(flag)]];
    const text = own ?? fromOutside;
    if (text === undefined || text === "") continue;
    settings.set(flag, text);
    if (own === undefined) names.set(flag, environmentName(flag));
  }
  const directory = resolve(given.directory);
  if (settings.size === 0) return { directory, keys: undefined };
  const nothing = { limits: () => [], credentials: () => [] };
  const nameOf = (flag: string): string => names.get(flag) ?? `--${flag}`;
  const all = { ...Object.fromEntries(settings), "data-dir": directory };
  const loaded = loadConfigFromObject(all, nameOf, () => "", nothing);
  return loaded.problems === undefined ? { directory, keys: loaded.config.keys } : { problems: loaded.problems };
}

type KeyTexts = Readonly<Partial<Record<(typeof keyFlags)[number], string>>>;

function split(argv: readonly string[]): { readonly directory: string; readonly values: KeyTexts } | undefined {
  try {
    const options = Object.fromEntries(keyFlags.map((flag) => [flag, { type: "string" as const }]));
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const [directory, ...rest] = positionals;
    return directory === undefined || rest.length > 0 ? undefined : { directory, values: values as KeyTexts };
  } catch {
    return undefined;
  }
}
