import type { EngineName, NatsConfig } from "./config.ts";
import type { FlagName } from "./flags.ts";
import { parseHttpOrigin, parseHttpUrl, parseNatsUrl, parseNonEmpty, parseSwitch } from "./parse-value.ts";
import { type FileReader, optional, readOrComplain, type Settings } from "./settings.ts";

/** The settings of the jetstream engine. */
export const natsFlags = [
  "nats",
  "nats-creds",
  "nats-tls-ca",
  "nats-tls-cert",
  "nats-tls-key",
  "nats-monitor",
  "assume-fsync",
  "allow-degraded",
  "advertise",
] as const satisfies readonly FlagName[];

/** How the gateway reaches its NATS servers. Undefined with another engine, and, with a problem, when no server is named. */
export function readNats(settings: Settings, readFile: FileReader, engine: EngineName): NatsConfig | undefined {
  if (engine !== "jetstream") return undefined;
  const urls = settings.list(
    "nats",
    parseNatsUrl,
    "an address such as nats://127.0.0.1:4222 or tls://nats.example:4222",
  );
  if (urls === undefined) {
    if (!settings.has("nats")) settings.complain("engine", `jetstream needs ${settings.nameOf("nats")} URL as well`);
    return undefined;
  }
  const paths: Record<string, string | undefined> = {};
  const textOf = (flag: FlagName): string | undefined => {
    const path = settings.one(flag, parseNonEmpty, "a file");
    paths[flag] = path;
    return path === undefined ? undefined : readOrComplain(path, readFile, settings.problems, settings.nameOf(flag));
  };
  const tls = {
    ...optional("ca", textOf("nats-tls-ca")),
    ...optional("certificate", textOf("nats-tls-cert")),
    ...optional("key", textOf("nats-tls-key")),
  };
  for (const [flag, other] of [
    ["nats-tls-cert", "nats-tls-key"],
    ["nats-tls-key", "nats-tls-cert"],
  ] as const) {
    if (settings.has(flag) && !settings.has(other)) settings.complain(flag, `needs ${settings.nameOf(other)} as well`);
  }
  return {
    urls,
    ...optional("credentials", textOf("nats-creds")),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    paths,
    monitorUrls: settings.list("nats-monitor", parseHttpUrl, "an address such as http://127.0.0.1:8222") ?? [],
    assumesFsync: settings.one("assume-fsync", parseSwitch, "true or false") ?? false,
    allowsDegraded: settings.one("allow-degraded", parseSwitch, "true or false") ?? false,
    ...optional("advertised", settings.one("advertise", parseHttpOrigin, "an address such as http://10.0.0.5:4567")),
  };
}
