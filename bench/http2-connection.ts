/** Streams of one HTTP/2 session without TLS: as many requests at a time as there are connections on it. */
import { type ClientHttp2Session, connect } from "node:http2";
import { type Answer, type Connection, host, type PreparedRequest } from "./wire.ts";

const windowBytes = 16 * 1024 * 1024;

/** `count` connections that share a session, which closes with the last of them. */
export function openHttp2(port: number, count: number): readonly Connection[] {
  const session = connect(`http://${host}:${port}`, { settings: { initialWindowSize: windowBytes } });
  session.on("connect", () => session.setLocalWindowSize(windowBytes));
  let openCount = count;
  const close = (): void => {
    openCount -= 1;
    if (openCount === 0) session.destroy();
  };
  return Array.from({ length: count }, () => ({ send: (request) => exchange(session, request), close }));
}

function exchange(session: ClientHttp2Session, { headers, body }: PreparedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": "/", ":authority": host, ...headers });
    const chunks: Buffer[] = [];
    let status = 0;
    stream.on("response", (answered) => {
      status = Number(answered[":status"]);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () =>
      resolve({ status, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }),
    );
    stream.on("error", reject);
    stream.end(body);
  });
}
