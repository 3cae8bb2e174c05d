import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CatalogConnection } from "../../../../src/channels/table/catalog-requests.ts";

const mebibyte = 1024 * 1024;
const bodyBytesMax = 64 * mebibyte;
/** What may be under way in sockets and streams. */
const underWayMax = 32 * mebibyte;

test("a response without an end is given up at 64 MiB, not when memory is full", async (t) => {
  let sentBytes = 0;
  const part = Buffer.alloc(mebibyte, " ");
  const server = createServer((_request, response) => {
    const send = (): void => {
      let isTaken = true;
      while (isTaken && !response.destroyed) {
        isTaken = response.write(part);
        sentBytes += part.length;
      }
    };
    response.on("drain", send);
    send();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const connection = new CatalogConnection({
    ...{ catalog: `http://127.0.0.1:${port}`, warehouse: "w", auth: { kind: "none" } },
    ...{ region: "us-east-1", pathStyle: true },
  });
  const request = { method: "GET", path: "/v1/config", signal: new AbortController().signal } as const;
  await assert.rejects(connection.send(request), /cannot be reached \(its response is longer than 67108864 bytes\)/);
  assert(sentBytes >= bodyBytesMax && sentBytes < bodyBytesMax + underWayMax, `${sentBytes} bytes were sent`);
  server.closeAllConnections();
});
