import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyError, type KeyErrorKind } from "../../../src/keys/key-provider.ts";
import { KmsKeyProvider, type KmsKeyProviderOptions } from "../../../src/keys/kms-key-provider.ts";
import { type KeyState, KmsStandIn } from "../../support/kms-stand-in.ts";

const scope = { account: "123456789012", region: "eu-west-1" };
const context = { "aws:kinesis:arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders" };
const credentials = { accessKeyId: "key", secretAccessKey: "secret" };

function withKind(kind: KeyErrorKind) {
  return (error: unknown) => error instanceof KeyError && error.kind === kind;
}

function kmsAt(service: KmsStandIn, options: KmsKeyProviderOptions = {}): KmsKeyProvider {
  return new KmsKeyProvider({ endpoint: service.endpoint, credentials, ...options });
}

test("the service makes a data key for a stream and opens it again, bound to the stream", async () => {
  await using service = await KmsStandIn.start();
  const kms = kmsAt(service);
  const { rootKey, wrapped } = await kms.generateRootKey("alias/mine", scope, context);
  assert.equal(rootKey.length, 32);
  assert.deepEqual(await kms.unwrapRootKey(wrapped, context), rootKey);
  await assert.rejects(kms.unwrapRootKey(wrapped, { "aws:kinesis:arn": "another" }), withKind("invalid_state"));
  assert.deepEqual(service.calls[0]?.input, { KeyId: "alias/mine", KeySpec: "AES_256", EncryptionContext: context });
  kms.close();
});

test("a key is asked for in the region of its ARN, else of the stream, else in the one that was chosen for all", async () => {
  await using service = await KmsStandIn.start();
  const kms = kmsAt(service);
  const arn = "arn:aws:kms:ap-south-1:123456789012:alias/mine";
  const { wrapped } = await kms.generateRootKey(arn, scope, context);
  await kms.unwrapRootKey(wrapped, context);
  await kms.generateRootKey("alias/mine", scope, context);
  const elsewhere = kmsAt(service, { region: "us-east-2" });
  await elsewhere.generateRootKey(arn, scope, context);
  const regions = service.calls.map(({ region }) => region);
  assert.deepEqual(regions, ["ap-south-1", "ap-south-1", "eu-west-1", "us-east-2"]);
  kms.close();
  elsewhere.close();
});

const kinds: readonly (readonly [KeyState, KeyErrorKind])[] = [
  ["disabled", "disabled"],
  ["pending deletion", "invalid_state"],
  ["deleted", "not_found"],
  ["denied", "access_denied"],
  ["throttled", "throttled"],
  ["not subscribed", "opt_in_required"],
  ["broken", "unavailable"],
];

test("every state of a key has its kind of error, when it makes and when it opens", async () => {
  await using service = await KmsStandIn.start();
  const kms = kmsAt(service);
  for (const [index, [state, kind]] of kinds.entries()) {
    const keyId = `alias/${index}`;
    const { wrapped } = await kms.generateRootKey(keyId, scope, context);
    service.states.set(keyId, state);
    await assert.rejects(kms.generateRootKey(keyId, scope, context), withKind(kind));
    await assert.rejects(kms.unwrapRootKey(wrapped, context), withKind(kind));
  }
  kms.close();
});

test("what another provider has wrapped is not sent to the service", async () => {
  await using service = await KmsStandIn.start();
  const kms = kmsAt(service);
  await assert.rejects(kms.unwrapRootKey(Buffer.from("MRK1 and more"), context), withKind("not_found"));
  await assert.rejects(kms.unwrapRootKey(Buffer.alloc(0), context), withKind("not_found"));
  assert.deepEqual(service.calls, []);
});

test("a service that is not there is unavailable", async () => {
  const service = await KmsStandIn.start();
  const kms = kmsAt(service);
  await service[Symbol.asyncDispose]();
  await assert.rejects(kms.generateRootKey("alias/mine", scope, context), withKind("unavailable"));
  kms.close();
});
