/** Real nats-servers with JetStream on loopback, with the configuration that docs/cluster.md recommends. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { connect } from "@nats-io/transport-node";
import { isNatsServerInstalled, natsServerPath, natsServerVersion } from "../../scripts/get-nats-server.ts";
import { reportMissing } from "./available-tools.ts";
import { freePorts } from "./free-ports.ts";

const readyMsMax = 60_000;
const pollMs = 20;
const host = "127.0.0.1";

interface Ports {
  readonly client: number;
  readonly cluster: number;
  readonly monitor: number;
}

export interface NatsServersOptions {
  readonly nodeCount: 1 | 3;
  /** `always`, or a time such as `2m`, the server's default. */
  readonly syncInterval?: string;
  /** Whether servers tell clients of each other; default: true. Otherwise a client knows the servers that it was given. */
  readonly advertises?: boolean;
  /** Lines for the configuration of every node, such as accounts or TLS. */
  readonly extra?: string;
}

/** Whether the tests can start servers; reports to a test that they cannot. `npm test` has tried to build one before. */
export function hasNatsServer(t?: TestContext): boolean {
  if (isNatsServerInstalled()) return true;
  if (t !== undefined) reportMissing(t, `nats-server ${natsServerVersion}`);
  return false;
}

/** One server, or a cluster of three, whose nodes can be killed, paused and started again. */
export class NatsServers implements AsyncDisposable {
  readonly directory: string;
  readonly #ports: readonly Ports[];
  readonly #options: NatsServersOptions;
  readonly #processes: (ChildProcess | undefined)[] = [];

  private constructor(directory: string, ports: readonly Ports[], options: NatsServersOptions) {
    this.directory = directory;
    this.#ports = ports;
    this.#options = options;
  }

  static async start(options: NatsServersOptions): Promise<NatsServers> {
    const directory = await mkdtemp(join(tmpdir(), "millrace-nats-"));
    const servers = new NatsServers(directory, await portsOf(options.nodeCount), options);
    try {
      await Promise.all(servers.#ports.map((_, node) => servers.startNode(node)));
      await servers.ready();
    } catch (error) {
      await servers.stop();
      throw error;
    }
    return servers;
  }

  /** `nats://127.0.0.1:PORT` of each node. */
  get urls(): readonly string[] {
    return this.#ports.map(({ client }) => `nats://${host}:${client}`);
  }

  /** `http://127.0.0.1:PORT` of each node's monitoring endpoint. */
  get monitorUrls(): readonly string[] {
    return this.#ports.map(({ monitor }) => `http://${host}:${monitor}`);
  }

  /** What tells a gateway, or a command, where the servers are. */
  get environment(): Readonly<Record<string, string>> {
    return { MILLRACE_NATS: this.urls.join(","), MILLRACE_NATS_MONITOR: this.monitorUrls.join(",") };
  }

  /** Ids of the processes of the nodes that run. */
  get pids(): readonly number[] {
    return this.#processes.flatMap((process, node) => (this.isRunning(node) ? [process?.pid ?? 0] : []));
  }

  storeDirectory(node: number): string {
    return join(this.directory, `n${node}`);
  }

  async startNode(node: number): Promise<void> {
    await mkdir(this.storeDirectory(node), { recursive: true });
    const file = join(this.directory, `n${node}.conf`);
    await writeFile(file, this.#configuration(node));
    const log = openSync(join(this.directory, `n${node}.log`), "a");
    this.#processes[node] = spawn(natsServerPath, ["-c", file], { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** Resolves when each node that runs is healthy, and with several nodes when they have elected a leader. */
  async ready(): Promise<void> {
    const giveUpAt = Date.now() + readyMsMax;
    for (;;) {
      const running = this.#ports.filter((_, node) => this.isRunning(node));
      assert(running.length > 0, `no nats-server runs:\n${await this.logs()}`);
      const healthy = await Promise.all(running.map(({ monitor }) => isHealthy(monitor)));
      if (healthy.every(Boolean)) return;
      assert(Date.now() < giveUpAt, `nats-servers are not ready:\n${await this.logs()}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  isRunning(node: number): boolean {
    const process = this.#processes[node];
    return process !== undefined && process.exitCode === null && process.signalCode === null;
  }

  signal(node: number, signal: NodeJS.Signals): void {
    this.#processes[node]?.kill(signal);
  }

  /** Ends a node and resolves when its process is gone. */
  async kill(node: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const process = this.#processes[node];
    if (process === undefined || !this.isRunning(node)) return;
    const gone = new Promise((resolve) => process.once("exit", resolve));
    process.kill(signal);
    await gone;
  }

  /** The node that leads the first JetStream stream whose subjects contain a text. */
  async leaderOf(subjectPart: string): Promise<number> {
    const connection = await connect({ servers: [...this.urls] });
    const reply = await connection.request("$JS.API.STREAM.LIST", "{}", { timeout: 5_000 });
    await connection.close();
    const { streams } = reply.json<{
      readonly streams: readonly {
        readonly config: { readonly subjects: readonly string[] };
        readonly cluster: { readonly leader: string };
      }[];
    }>();
    const found = streams.find(({ config }) => config.subjects.some((subject) => subject.includes(subjectPart)));
    assert(found !== undefined, `a stream with ${subjectPart} in its subjects`);
    return Number(found.cluster.leader.slice(1));
  }

  /** Removes all JetStream streams whose names begin with a prefix and `_`, and the bucket of documents. */
  async deleteStreams(prefix: string): Promise<void> {
    const connection = await connect({ servers: [...this.urls] });
    const call = async (name: string): Promise<{ readonly streams?: readonly string[] | null }> => {
      return (await connection.request(`$JS.API.STREAM.${name}`, "{}", { timeout: 5_000 })).json();
    };
    const { streams } = await call("NAMES");
    const own = (streams ?? []).filter((name) => name.replace(/^KV_/, "").startsWith(`${prefix}_`));
    await Promise.all(own.map((name) => call(`DELETE.${name}`)));
    await connection.close();
  }

  async logs(): Promise<string> {
    const texts = this.#ports.map((_, node) => readFile(join(this.directory, `n${node}.log`), "utf8").catch(() => ""));
    return (await Promise.all(texts)).map((text) => text.split("\n").slice(-12).join("\n")).join("\n--\n");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#ports.map((_, node) => this.kill(node)));
    await rm(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #configuration(node: number): string {
    const { nodeCount, syncInterval = "always", advertises = true, extra = "" } = this.#options;
    const own = this.#ports[node];
    assert(own !== undefined);
    const routes = this.#ports.map(({ cluster }) => `nats://${host}:${cluster}`).join(", ");
    return [
      `server_name: n${node}`,
      `listen: ${host}:${own.client}`,
      `http: ${host}:${own.monitor}`,
      "max_payload: 16777216",
      "max_pending: 268435456",
      `jetstream { store_dir: "${this.storeDirectory(node)}", max_mem: 256M, max_file: 20G, sync_interval: "${syncInterval}" }`,
      nodeCount > 1
        ? `cluster { name: millrace, listen: ${host}:${own.cluster}, routes: [${routes}], no_advertise: ${!advertises} }`
        : "",
      extra,
      "",
    ].join("\n");
  }
}

async function isHealthy(monitor: number): Promise<boolean> {
  try {
    return (await fetch(`http://${host}:${monitor}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function portsOf(nodeCount: number): Promise<readonly Ports[]> {
  const free = await freePorts(nodeCount * 3);
  return Array.from({ length: nodeCount }, (_, node) => {
    const [client = 0, cluster = 0, monitor = 0] = free.slice(node * 3);
    return { client, cluster, monitor };
  });
}
