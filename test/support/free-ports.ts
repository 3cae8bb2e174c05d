import { once } from "node:events";
import { createServer } from "node:net";

const host = "127.0.0.1";

/** Ports of 127.0.0.1 that were free a moment ago: all are held until the last one is found, so that no two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(held.map((server) => once(server, "listening")));
  const ports = held.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
