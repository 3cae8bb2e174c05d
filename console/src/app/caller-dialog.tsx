import { useState } from "preact/hooks";
import { server } from "../api/console-data.ts";
import { kinesisAs, sentenceOf } from "../api/kinesis.ts";
import { changeSession, type Session, session } from "../api/session.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";

/** Account and region, or an access key where the server verifies signatures. */
export function CallerDialog({ onClose }: { readonly onClose: () => void }) {
  const verifies = server.value?.verifiesSignatures === true;
  return (
    <Dialog title={verifies ? "Access key" : "Account and region"} onClose={onClose}>
      {verifies ? <KeyForm onClose={onClose} /> : <AccountForm onClose={onClose} />}
    </Dialog>
  );
}

function KeyForm({ onClose }: { readonly onClose: () => void }) {
  const [fault, setFault] = useState<string>();
  const before = session.value;
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const text = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    const [accessKeyId, secretAccessKey, sessionToken] = [text("id"), text("secret"), text("token")];
    const key = { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
    const next: Session = { region: text("region"), key };
    try {
      await kinesisAs(next, { operation: "ListStreams", input: { Limit: 1 } });
    } catch (error) {
      const sentence = sentenceOf(error);
      // A key that may not list streams may do other things.
      if (!sentence.startsWith("AccessDenied")) return setFault(sentence);
    }
    changeSession(next);
    onClose();
  };
  return (
    <Form class="fields" onSubmit={submit}>
      <p class="hint">
        The key stays in this browser tab and is gone when you close it. The server never gets the secret.
      </p>
      <label>
        Access key id
        <input name="id" required autocomplete="off" spellcheck={false} defaultValue={before.key?.accessKeyId ?? ""} />
      </label>
      <label>
        Secret access key
        <input name="secret" required type="password" autocomplete="off" />
      </label>
      <label>
        Session token, if it is a temporary key
        <input name="token" autocomplete="off" />
      </label>
      <label>
        Region
        <input name="region" required defaultValue={before.region ?? server.value?.region ?? ""} />
      </label>
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        {before.key !== undefined && (
          <button
            type="button"
            onClick={() => {
              changeSession({});
              onClose();
            }}
          >
            Forget the key
          </button>
        )}
        <button type="submit" class="primary">
          Use this key
        </button>
      </div>
    </Form>
  );
}

function AccountForm({ onClose }: { readonly onClose: () => void }) {
  const { account, region } = session.value;
  const submit = (form: HTMLFormElement): void => {
    const data = new FormData(form);
    const next: Session = { account: String(data.get("account")), region: String(data.get("region")) };
    changeSession(next);
    onClose();
  };
  return (
    <Form class="fields" onSubmit={submit}>
      <p class="hint">
        This server does not verify signatures: each account and region is a space of streams of its own. A client's
        access key id of 12 digits is its account.
      </p>
      <label>
        Account
        <input
          name="account"
          required
          pattern="\d{12}"
          title="12 digits"
          defaultValue={account ?? server.value?.account ?? ""}
        />
      </label>
      <label>
        Region
        <input name="region" required pattern="[a-z0-9\-]+" defaultValue={region ?? server.value?.region ?? ""} />
      </label>
      <div class="actions">
        <button type="submit" class="primary">
          Show these streams
        </button>
      </div>
    </Form>
  );
}
