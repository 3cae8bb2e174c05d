import { join } from "node:path";
import type { NatsServers } from "./nats-servers.ts";
import { RandomBalancer, type RandomBalancerOptions } from "./random-balancer.ts";
import { ServerProcess } from "./start-server.ts";

const gatewayCount = 2;

export interface BalancedGatewaysOptions extends Omit<RandomBalancerOptions, "endpoints"> {
  /** Flags of every gateway, besides those that name the servers. */
  readonly args: readonly string[];
}

/** Two gateways over the same servers behind a balancer, which ends them with the stack. */
export async function startBalancedGateways(
  stack: AsyncDisposableStack,
  { urls, directory }: NatsServers,
  { args, ...options }: BalancedGatewaysOptions,
): Promise<RandomBalancer> {
  const shared = ["--nats", urls.join(","), "--assume-fsync", "--keyring", join(directory, "keyring")];
  const endpoints: string[] = [];
  while (endpoints.length < gatewayCount) {
    const gateway = await ServerProcess.start({ args: ["--engine", "jetstream", ...shared, ...args] });
    endpoints.push(stack.use(gateway).endpoint);
  }
  return stack.use(await RandomBalancer.start({ ...options, endpoints }));
}
