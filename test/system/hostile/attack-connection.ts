import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface AttackConnection {
  readonly socket: Socket;
  /** Bytes that came so far. */
  readonly received: () => string;
}

/** Undefined where the server takes no more connections. */
export async function openConnection(
  port: number,
  options: { readonly reads?: boolean; readonly keeps?: boolean; readonly allowHalfOpen?: boolean } = {},
): Promise<AttackConnection | undefined> {
  const { reads = true, keeps = false, allowHalfOpen = false } = options;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen });
  socket.on("error", () => undefined);
  let received = "";
  if (reads) {
    socket.on("data", (chunk: Buffer) => {
      if (keeps) received += chunk.toString("latin1");
    });
  }
  try {
    await once(socket, "connect");
  } catch {
    return undefined;
  }
  return { socket, received: () => received };
}

/** Resolves once the server has responded with anything or is gone, or the attack is over. */
export async function whenResponded({ socket }: AttackConnection, signal: AbortSignal): Promise<void> {
  if (socket.destroyed) return;
  const over = new AbortController();
  const options = { signal: AbortSignal.any([signal, over.signal]) };
  await Promise.race([once(socket, "data", options), once(socket, "close", options)]).catch(() => undefined);
  over.abort();
}

/** Sends the same bytes over several connections, one after the other on each, until the signal. */
export async function repeat(
  port: number,
  requests: () => readonly Buffer[],
  { connectionCount, signal }: { readonly connectionCount: number; readonly signal: AbortSignal },
): Promise<void> {
  const one = async (offset: number): Promise<void> => {
    for (let round = offset; !signal.aborted; round++) {
      const connection = await openConnection(port);
      if (connection === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const all = requests();
      connection.socket.write(all[round % all.length] as Buffer);
      await whenResponded(connection, signal);
      connection.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: connectionCount }, (_, index) => one(index)));
}

/** Resolves when the attack is over. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
