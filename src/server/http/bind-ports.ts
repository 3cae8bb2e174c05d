import type { AddressInfo, Server } from "node:net";
import { StartError } from "../../config/start-error.ts";

// Port 0 asks the system for a free port of the first host; another process may have it on the other hosts.
const freePortAttemptsMax = 20;
const loopbackIpv6 = "::1";

export interface PortTarget {
  readonly hosts: readonly string[];
  /** 0: one that is free on all hosts. */
  readonly port: number;
  /** Further ports on the same hosts. Default: none. */
  readonly alsoPorts?: readonly number[];
  /** The flag of the first port, for errors. Default: `--port`. */
  readonly flag?: string;
}

interface OnePort {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly flag: string;
}

interface BoundPort {
  readonly servers: readonly Server[];
  /** Without `::1` on a machine that has no IPv6. */
  readonly hosts: readonly string[];
  readonly port: number;
}

/** Binds every host to each port; the result names the first one. Throws `StartError`, after which no port is bound. */
export async function bindPorts(makeServer: () => Server, target: PortTarget): Promise<BoundPort> {
  const { flag = "--port" } = target;
  const { hosts, port, servers } = await bindPort(makeServer, { hosts: target.hosts, port: target.port, flag });
  const all = [...servers];
  try {
    for (const alsoPort of target.alsoPorts ?? []) {
      all.push(...(await bindPort(makeServer, { hosts, port: alsoPort, flag: "--also-port" })).servers);
    }
    return { servers: all, hosts, port };
  } catch (error) {
    await closeAll(all);
    throw error;
  }
}

async function bindPort(makeServer: () => Server, target: OnePort): Promise<BoundPort> {
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    const hosts: string[] = [];
    let port = target.port;
    try {
      for (const host of target.hosts) {
        const server = makeServer();
        if (!(await bound(server, { host, port, flag: target.flag }, target.hosts.length > 1))) continue;
        servers.push(server);
        hosts.push(host);
        port = (server.address() as AddressInfo).port;
      }
      return { servers, hosts, port };
    } catch (error) {
      await closeAll(servers);
      const mayRetry =
        target.port === 0 && servers.length > 0 && error instanceof StartError && codeOf(error.cause) === "EADDRINUSE";
      if (!mayRetry || attempt === freePortAttemptsMax) throw error;
    }
  }
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}

async function bound(server: Server, { flag, ...address }: Address, othersToo: boolean): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...address, ipv6Only: address.host.includes(":") && address.host !== "::" }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    return true;
  } catch (error) {
    const code = codeOf(error);
    const hasNoIpv6 = code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
    if (othersToo && address.host === loopbackIpv6 && hasNoIpv6) return false;
    throw new StartError(sentenceFor({ ...address, flag }, code), { cause: error });
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly flag: string;
}

function sentenceFor({ host, port, flag }: Address, code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is already in use by another process (EADDRINUSE); stop it (lsof -i :${port} names it), or choose another port with ${flag}`;
    case "EACCES":
      return `permission denied to listen on ${host} port ${port} (EACCES); ports below 1024 need more rights, choose another port with ${flag}`;
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return `${host} is not an address of this machine (${code}); choose another host`;
    case "ENOTFOUND":
      return `the host name ${host} cannot be resolved (ENOTFOUND); choose another host`;
    default:
      return `cannot listen on ${host} port ${port} (${code})`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
