import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import type { StreamView } from "./stream-page.tsx";

/** The key that AWS manages for Kinesis (Developer Guide, "How do I get started with server-side encryption"). */
const keyIdDefault = "alias/aws/kinesis";

/** Whether records are stored encrypted, and under which master key. */
export function EncryptionSection({ view }: { readonly view: StreamView }) {
  const { StreamARN, StreamStatus, EncryptionType, KeyId: keyId = keyIdDefault } = view.description;
  const [typed, setTyped] = useState(keyIdDefault);
  const isEncrypted = EncryptionType === "KMS";
  const isDisabled = StreamStatus !== "ACTIVE";
  const call = (operation: string, KeyId: string): Promise<unknown> =>
    kinesis(operation, { StreamARN, EncryptionType: "KMS", KeyId });
  return (
    <section>
      <h2>Encryption</h2>
      <p class="long">
        {isEncrypted ? `New records are encrypted under the key ${keyId}.` : "New records are stored as they are."}
      </p>
      {!isReadOnly() && isEncrypted && (
        <div>
          <ConfirmButton
            label="Stop encryption"
            {...{ isDisabled }}
            action={() => call("StopStreamEncryption", keyId)}
            onDone={view.refresh}
          >
            <p>
              New records are then stored as they are. Those that are encrypted stay so until they expire, and reading
              them needs the key {keyId} as long.
            </p>
          </ConfirmButton>
        </div>
      )}
      {!isReadOnly() && !isEncrypted && (
        <div class="inline">
          <label>
            Key id, alias or ARN
            <input value={typed} required spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
          <ConfirmButton
            label="Start encryption"
            isDisabled={isDisabled || typed.trim() === ""}
            action={() => call("StartStreamEncryption", typed.trim())}
            onDone={view.refresh}
          >
            <p class="long">
              New records are encrypted under the master key {typed.trim()}. Those that the stream has already stay as
              they are until they expire.
            </p>
            <p class="hint">
              The records can be read only while the server has that key: keep its keyring with the backups, or the KMS
              key enabled. With --key-provider kms, producers and readers then need the right kms:Decrypt. With limits
              as AWS has them, encryption can be started 25 times in 24 hours.
            </p>
          </ConfirmButton>
        </div>
      )}
    </section>
  );
}
