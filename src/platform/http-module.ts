import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * `createServer` of node:http, and its texts of the status codes. An import of node:http would read every member of the
 * module, and some of them load a whole HTTP client: 1 ms and 3 MB at each start.
 */
export const { createServer, STATUS_CODES: statusTexts } = process.getBuiltinModule("node:http");

/**
 * Starts the checks of `headersTimeout` and `requestTimeout` of a server that never listens because its sockets are handed to
 * it: node:http starts them at its `listening` event. `server.close()` ends them.
 */
export function startTimeoutChecks(server: Server): void {
  server.emit("listening");
}

/**
 * Sends the responses of a client that has closed its half of the connection. Without it node:http closes the connection at
 * once, and a request that is being handled gets no response.
 */
export function serveHalfClosed(server: Server): void {
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
}

/**
 * Takes a socket from node:http right after its `connection` event. From then on the parser gets what the caller gives it, and
 * the caller reads the socket. node:http parses what comes in one `data` listener, and no longer past that once another one is
 * added.
 */
export function takeParser(socket: Socket): (bytes: Buffer) => void {
  const [parse] = socket.listeners("data") as readonly ((bytes: Buffer) => void)[];
  if (parse === undefined) throw new Error("node:http reads the socket in another way");
  socket.off("data", parse);
  return parse;
}

/** Whether node:http has paused the socket for responses that are not sent: its parser must get nothing then. */
export function isPausedByParser(socket: Socket): boolean {
  return (socket as Socket & { readonly _paused?: boolean })._paused === true;
}
