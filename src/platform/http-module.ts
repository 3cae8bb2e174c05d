import type { Server } from "node:http";

/**
 * `createServer` of node:http. An import of node:http would read every member of the module, and some of them load a whole
 * HTTP client: 1 ms and 3 MB at each start.
 */
export const { createServer } = process.getBuiltinModule("node:http");

/**
 * Starts the checks of `headersTimeout` and `requestTimeout` of a server that never listens because its sockets are handed to
 * it: node:http starts them at its `listening` event. `server.close()` ends them.
 */
export function startTimeoutChecks(server: Server): void {
  server.emit("listening");
}
