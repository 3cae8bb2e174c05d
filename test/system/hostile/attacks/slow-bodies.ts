import { type Attack, bytesOf } from "../attack.ts";
import { openConnection } from "../attack-connection.ts";

const declaredBytes = 16 * 1024 ** 2;

export const slowBodies: Attack = {
  name: "six bodies of 16 MiB, the last bytes one in ten seconds",
  async run({ port }, signal) {
    const headers = {
      host: "127.0.0.1",
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "Kinesis_20131202.PutRecord",
    };
    const body = Buffer.alloc(declaredBytes - 100, "a");
    const bytes = bytesOf({ method: "POST", url: "/", headers, body }, declaredBytes);
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
