import type { RequestHandler } from "../http/http-message.ts";

/** What carries out calls of other gateways; undefined for bytes that no gateway of this cluster has made, or made before. */
interface CallReceiver {
  answer(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

const refusal = {
  status: 403,
  headers: { "Content-Type": "text/plain; charset=utf-8" },
  body: "Refused: this path takes calls of the other gateways of the cluster only.\n",
};

/** Their encryption is what authenticates calls: nothing in the head of a request counts. */
export function gatewayHandler(receiver: CallReceiver): RequestHandler {
  return async ({ body, signal }) => {
    const answer = await receiver.answer(body, signal);
    if (answer === undefined) return refusal;
    return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body: answer };
  };
}
