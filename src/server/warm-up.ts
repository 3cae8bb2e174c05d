import { connect } from "node:net";

const answerMsMax = 1_000;

/**
 * Asks the server once for its own health, so that the first client does not wait until what every request needs has been
 * loaded and compiled. Resolves when it has been answered, or cannot be: whether it was does not matter.
 */
export function warmUp({ hosts, port }: { readonly hosts: readonly string[]; readonly port: number }): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: hosts[0] ?? "127.0.0.1", port, timeout: answerMsMax });
    socket.on("connect", () => socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
  });
}
