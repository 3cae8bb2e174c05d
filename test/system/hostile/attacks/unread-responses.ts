import type { Attack } from "../attack.ts";
import { openConnection, untilAborted } from "../attack-connection.ts";
import { readRequest } from "./read-request.ts";

export const unreadResponses: Attack = {
  name: "3 connections with 100 pipelined pages of 10 MiB, unread",
  filledBytes: 12 * 1024 ** 2,
  async run(target, signal) {
    const request = await readRequest(target);
    const connections = await Promise.all([1, 2, 3].map(() => openConnection(target.port, { reads: false })));
    for (const connection of connections) connection?.socket.write(Buffer.concat(Array(100).fill(request)));
    await untilAborted(signal);
    for (const connection of connections) connection?.socket.destroy();
    return [];
  },
};
