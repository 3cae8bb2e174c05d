import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

const host = "127.0.0.1";
/** Below those that systems give to outgoing connections and to listeners that take any port, also with 10,000 added. */
const portMin = 10_240;
const portMax = 22_767;

/** Ports of 127.0.0.1 that were free a moment ago, and that nothing gets by chance. No two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(portMin, portMax + 1);
    const server = createServer();
    const isFree = await once(server.listen(port, host), "listening").then(
      () => true,
      () => false,
    );
    if (isFree) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
