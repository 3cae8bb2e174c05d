import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { NatsConfig } from "../../config/config.ts";
import type { Environment } from "../../config/config-sources.ts";
import { environmentName, flags } from "../../config/flags.ts";
import { loadConfigFromObject } from "../../config/load-config.ts";
import { natsFlags } from "../../config/read-nats.ts";
import { CommandError } from "../output/command-error.ts";
import { collect } from "./define-command.ts";

export type NatsOptions = Readonly<Record<string, unknown>>;

/** The flags of `serve` that say how the NATS servers are reached, but for those in `without`. */
export function addNatsOptions(command: Command, without: readonly string[]): Command {
  command.optionsGroup("NATS servers:");
  for (const flag of flags) {
    if (!natsFlags.some((name) => name === flag.name) || without.includes(flag.name)) continue;
    const term = `--${flag.name}${"argument" in flag ? ` <${flag.argument}>` : ""}`;
    const help = `${flag.help} (env: ${environmentName(flag.name)})`;
    if ("list" in flag) command.option(term, help, collect);
    else command.option(term, help);
  }
  return command;
}

/** The value of a flag: commander names it in camel case. */
export function optionOf(options: NatsOptions, flag: string): unknown {
  return options[flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}

/** What the options and their environment twins say. Throws `CommandError` with all problems. */
export function readNatsOptions(options: NatsOptions, environment: Environment): NatsConfig {
  const settings: Record<string, unknown> = { engine: "jetstream" };
  const names = new Map<string, string>();
  for (const flag of natsFlags) {
    const own = optionOf(options, flag);
    const inherited = environment[environmentName(flag)];
    if (own !== undefined) settings[flag] = own;
    else if (inherited !== undefined && inherited !== "") {
      settings[flag] = inherited;
      names.set(flag, environmentName(flag));
    }
  }
  const noChecks = { limits: () => [], credentials: () => [] };
  const nameOf = (flag: string): string => names.get(flag) ?? `--${flag}`;
  const { config, problems } = loadConfigFromObject(settings, nameOf, (path) => readFileSync(path, "utf8"), noChecks);
  if (config?.nats === undefined) throw new CommandError((problems ?? ["--nats URL is needed"]).join("; "));
  return config.nats;
}
