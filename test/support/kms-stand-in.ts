import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { HttpStandIn } from "./http-stand-in.ts";

/** What a key of the service answers with; `usable` is the state of every key that a test does not set. */
export type KeyState =
  | "usable"
  | "disabled"
  | "pending deletion"
  | "deleted"
  | "denied"
  | "throttled"
  | "not subscribed"
  | "broken";

const refusals: Readonly<Record<Exclude<KeyState, "usable">, readonly [status: number, type: string]>> = {
  disabled: [400, "DisabledException"],
  "pending deletion": [400, "KMSInvalidStateException"],
  deleted: [400, "NotFoundException"],
  denied: [400, "AccessDeniedException"],
  throttled: [400, "ThrottlingException"],
  "not subscribed": [400, "OptInRequired"],
  broken: [500, "KMSInternalException"],
};

interface Call {
  readonly action: string;
  readonly region: string | undefined;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Wrapped {
  readonly keyId: string;
  readonly plaintext: string;
  readonly context: string;
}

/** As much of AWS KMS as key providers use, in the protocol of its JSON API. Every key exists until it is said not to. */
export class KmsStandIn extends HttpStandIn {
  readonly #wrapped = new Map<string, Wrapped>();
  readonly states = new Map<string, KeyState>();
  readonly calls: Call[] = [];

  static async start(): Promise<KmsStandIn> {
    return await new KmsStandIn().listen();
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const input = JSON.parse((await buffer(request)).toString()) as Record<string, unknown>;
    const action = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\/kms\//.exec(request.headers.authorization ?? "") ?? [];
    this.calls.push({ action, region, input });
    const context = JSON.stringify(input["EncryptionContext"]);
    const wrapped = this.#wrapped.get(String(input["CiphertextBlob"]));
    const keyId = action === "Decrypt" ? wrapped?.keyId : String(input["KeyId"]);
    const state = keyId === undefined ? "usable" : (this.states.get(keyId) ?? "usable");
    if (state !== "usable") return refuse(response, refusals[state]);
    if (action === "GenerateDataKey" && keyId !== undefined) {
      const plaintext = randomBytes(32).toString("base64");
      const blob = randomBytes(60).toString("base64");
      this.#wrapped.set(blob, { keyId, plaintext, context });
      return send(response, 200, { KeyId: keyId, Plaintext: plaintext, CiphertextBlob: blob });
    }
    if (action !== "Decrypt" || wrapped?.context !== context) {
      return refuse(response, [400, "InvalidCiphertextException"]);
    }
    send(response, 200, { KeyId: wrapped.keyId, Plaintext: wrapped.plaintext });
  }
}

function refuse(response: ServerResponse, [status, type]: readonly [number, string]): void {
  send(response, status, { __type: type, message: `the service says ${type}` });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}
