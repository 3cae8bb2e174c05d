import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What one connection of a flood sends: once `opening`, then what `next` returns, again and again. */
export interface Flood {
  readonly opening?: Buffer;
  /** @param round number of the calls before, on this connection */
  readonly next: (round: number) => Buffer;
}

/** Between two connections of which the first was closed or refused at once. */
const reconnectMs = 20;

/** Another peer than the polite client: what one takes is no other's loss. */
const attackerAddress = process.platform === "linux" ? { localAddress: "127.0.0.2" } : {};

/** Sends as fast as the server reads, over many connections, and opens those again that the server closes, until the signal. */
export async function flood(
  port: number,
  floods: readonly Flood[],
  { connectionCount, signal }: { readonly connectionCount: number; readonly signal: AbortSignal },
): Promise<void> {
  const one = async (index: number): Promise<void> => {
    while (!signal.aborted) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true, ...attackerAddress });
      socket.on("error", () => undefined);
      // Responses are read: one that is not would stop the flood.
      socket.resume();
      await pump(socket, floods[index % floods.length] as Flood, signal);
      socket.destroy();
      await pause(reconnectMs);
    }
  };
  await Promise.all(Array.from({ length: connectionCount }, (_, index) => one(index)));
}

/** Until the server closes the connection, or the signal. */
async function pump(socket: Socket, { opening, next }: Flood, signal: AbortSignal): Promise<void> {
  if (opening !== undefined) socket.write(opening);
  for (let round = 0; !signal.aborted && !socket.destroyed; round++) {
    if (socket.write(next(round))) continue;
    const over = new AbortController();
    const options = { signal: AbortSignal.any([signal, over.signal]) };
    await Promise.race([once(socket, "drain", options), once(socket, "close", options)]).catch(() => undefined);
    over.abort();
  }
}
