import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Config, NatsConfig } from "../../config/config.ts";
import type { Environment } from "../../config/config-sources.ts";
import { environmentName, type FlagName } from "../../config/flags.ts";
import { loadConfigFromObject } from "../../config/load-config.ts";
import { natsFlags } from "../../config/read-nats.ts";
import { CommandError } from "../output/command-error.ts";
import { addFlagOptions } from "./define-command.ts";

/** Gateways call servers, and no command. */
const commandFlags: readonly FlagName[] = natsFlags.filter((name) => name !== "advertise");

export type NatsOptions = Readonly<Record<string, unknown>>;

/** The flags of `serve` that say how the NATS servers are reached, but for those in `without`. */
export function addNatsOptions(command: Command, without: readonly FlagName[]): Command {
  command.optionsGroup("NATS servers:");
  return addFlagOptions(command, (name) => commandFlags.includes(name) && !without.includes(name), helpWithVariable);
}

/** How the NATS servers are reached. Throws `CommandError` with all problems. */
export function readNatsOptions(options: NatsOptions, environment: Environment): NatsConfig {
  const { nats } = readFlagOptions(options, environment, { flags: commandFlags, settings: { engine: "jetstream" } });
  if (nats === undefined) throw new CommandError("--nats URL is needed");
  return nats;
}

/** The help of a flag that `readFlagOptions` reads. */
export function helpWithVariable({ help, name }: { readonly help: string; readonly name: FlagName }): string {
  return `${help} (env: ${environmentName(name)})`;
}

/** What the options of flags and their environment twins say, beside fixed settings. Throws `CommandError` with all problems. */
export function readFlagOptions(
  options: NatsOptions,
  environment: Environment,
  { flags, settings }: { readonly flags: readonly FlagName[]; readonly settings: object },
): Config {
  const read: Record<string, unknown> = { ...settings };
  const names = new Map<string, string>();
  for (const flag of flags) {
    const own = optionOf(options, flag);
    const inherited = environment[environmentName(flag)];
    if (own !== undefined) read[flag] = own;
    else if (inherited !== undefined && inherited !== "") {
      read[flag] = inherited;
      names.set(flag, environmentName(flag));
    }
  }
  const noChecks = { limits: () => [], credentials: () => [] };
  const nameOf = (flag: string): string => names.get(flag) ?? `--${flag}`;
  const { config, problems } = loadConfigFromObject(read, nameOf, (path) => readFileSync(path, "utf8"), noChecks);
  if (config === undefined) throw new CommandError(problems.join("; "));
  return config;
}

/** The value of a flag: commander names it in camel case. */
function optionOf(options: NatsOptions, flag: string): unknown {
  return options[flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}
