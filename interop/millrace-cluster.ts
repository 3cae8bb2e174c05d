/** Two gateways over three NATS servers, of which a balancer chooses one at random for each request. */
import { join } from "node:path";
import { selfSignedCaFile, selfSignedCertificate } from "../src/server/tls/self-signed-certificate.ts";
import { startBalancedGateways } from "../test/support/balanced-gateways.ts";
import { NatsServers } from "../test/support/nats-servers.ts";
import type { RandomBalancer } from "../test/support/random-balancer.ts";
import { callerArgs, clientEnvironment, type VerifyOption } from "./client-environment.ts";
import type { Environment } from "./library.ts";

export class MillraceCluster implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #directory: string;
  readonly #balancer: RandomBalancer;

  private constructor(stack: AsyncDisposableStack, directory: string, balancer: RandomBalancer) {
    this.#stack = stack;
    this.#directory = directory;
    this.#balancer = balancer;
  }

  static async start(options: VerifyOption): Promise<MillraceCluster> {
    await using stack = new AsyncDisposableStack();
    const servers = stack.use(await NatsServers.start({ nodeCount: 3 }));
    const { directory } = servers;
    const balancer = await startBalancedGateways(stack, servers, {
      args: callerArgs(directory, options),
      random: Math.random,
      certificate: await selfSignedCertificate({ dataDir: directory, nowMs: Date.now() }),
    });
    return new MillraceCluster(stack.move(), directory, balancer);
  }

  /** Addresses of the balancer. */
  get environment(): Environment {
    return clientEnvironment(this.#directory, {
      MILLRACE_HTTP: this.#balancer.endpoint,
      MILLRACE_HTTPS: this.#balancer.secureEndpoint,
      MILLRACE_CA: join(this.#directory, selfSignedCaFile),
    });
  }

  /** Requests by gateway. */
  get counts(): readonly number[] {
    return this.#balancer.counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
