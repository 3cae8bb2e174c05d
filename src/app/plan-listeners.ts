import type { Config, ConsoleMode, TlsFiles } from "../config/config.ts";
import { isLoopback } from "../config/parse-value.ts";
import type { PortRules } from "../server/pipeline/port-rules.ts";

/** One port that the server opens, on all its hosts. */
export interface ListenerPlan {
  readonly hosts: readonly string[];
  /** 0: any port that is free on all hosts. */
  readonly port: number;
  /** Further ports, on the same hosts. */
  readonly alsoPorts: readonly number[];
  /** The flag that chooses the port. */
  readonly flag: "--port" | "--admin-port";
  readonly rules: PortRules;
  /** Undefined: the server makes its own certificate when the first client asks for TLS. */
  readonly tls?: TlsFiles;
  /** Where the server keeps the certificate that it has made; undefined: in memory. */
  readonly certificateDirectory?: string;
}

export interface ListenerPlans {
  readonly consoleMode: ConsoleMode;
  readonly main: ListenerPlan;
  /** Only with `--admin-port`. */
  readonly admin?: ListenerPlan;
}

/** What the console on these hosts may do unless the configuration says it. */
function consoleModeOf({ console: mode, hosts, admin }: Config): ConsoleMode {
  return mode ?? ((admin?.hosts ?? hosts).every(isLoopback) ? "on" : "read-only");
}

/**
 * The ports of a configuration, and what each serves. Admin paths ask for no signature, so a server that verifies
 * signatures and listens beyond loopback has none on its main port.
 */
export function planListeners(config: Config): ListenerPlans {
  const { hosts, port, alsoPorts, tls, admin, dev, corsOrigins } = config;
  const verifiesSignatures = config.credentials !== undefined;
  const consoleMode = consoleModeOf(config);
  const isExposed = verifiesSignatures && !hosts.every(isLoopback);
  const main: ListenerPlan = {
    hosts,
    port,
    alsoPorts,
    flag: "--port",
    rules: {
      servesApi: true,
      servesGateways: config.nats !== undefined,
      servesAdmin: admin === undefined && !isExposed,
      servesDev: dev,
      servesConsole: consoleMode !== "off",
      adminHosts: [],
      origins: { verifiesSignatures, corsOrigins },
    },
    ...(tls === undefined ? {} : { tls }),
    ...(config.engine !== "embedded" ? {} : { certificateDirectory: config.dataDirectory }),
  };
  if (admin === undefined) return { main, consoleMode };
  const rules: PortRules = {
    servesApi: false,
    servesGateways: false,
    servesAdmin: true,
    servesDev: dev,
    servesConsole: consoleMode !== "off",
    adminHosts: admin.hosts,
    origins: { verifiesSignatures: false, corsOrigins: [] },
  };
  return {
    main,
    consoleMode,
    admin: { hosts: admin.hosts, port: admin.port, alsoPorts: [], flag: "--admin-port", rules },
  };
}
