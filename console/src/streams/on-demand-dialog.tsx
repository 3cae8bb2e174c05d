import type { ComponentChildren } from "preact";
import { callerKey } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import type { StreamDescription } from "../api/shapes.ts";
import { streamLink } from "../app/route.ts";
import { CreateForm } from "../parts/create-form.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { listStreams } from "./list-streams.ts";

const everyMs = 10_000;

interface OnDemandDialogProps {
  readonly what: "queue" | "channel";
  readonly namePlaceholder: string;
  /** Creates what the fields say of the stream that was chosen; rejects with the reason why it cannot. */
  readonly create: (data: FormData, streamArn: string) => Promise<unknown>;
  /** Told whether it was created. */
  readonly onClose: (isCreated: boolean) => void;
  /** The fields beside `name` and the stream. */
  readonly children: ComponentChildren;
}

/** A dialog that creates what only a stream in on-demand mode can have. */
export function OnDemandDialog({ what, namePlaceholder, create, onClose, children }: OnDemandDialogProps) {
  const { value: streams, fault } = usePolled(listStreams, everyMs, callerKey());
  const usable = streams?.filter(({ isOnDemand, status }) => isOnDemand && status !== "DELETING");
  return (
    <Dialog title={`Create a ${what}`} onClose={() => onClose(false)}>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {usable?.length === 0 && <NoStreamForIt what={what} first={streams?.[0]?.name} />}
      {usable !== undefined && usable.length > 0 && (
        <CreateForm
          create={async (data) => create(data, await arnOf(String(data.get("stream"))))}
          onDone={() => onClose(true)}
        >
          <label>
            Name
            <input
              name="name"
              required
              maxlength={128}
              autocomplete="off"
              spellcheck={false}
              placeholder={namePlaceholder}
            />
          </label>
          <label>
            Stream
            <select name="stream">
              {usable.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <small>Streams in on-demand mode.</small>
          </label>
          {children}
        </CreateForm>
      )}
    </Dialog>
  );
}

async function arnOf(StreamName: string): Promise<string> {
  const { StreamDescriptionSummary } = await kinesis<{ StreamDescriptionSummary: StreamDescription }>(
    "DescribeStreamSummary",
    { StreamName },
  );
  return StreamDescriptionSummary.StreamARN;
}

function NoStreamForIt({ what, first }: Pick<OnDemandDialogProps, "what"> & { readonly first: string | undefined }) {
  return (
    <>
      <p>A {what} needs a stream in on-demand mode, and there is none.</p>
      <p class="hint">
        Create one on the page <a href="#/streams">Streams</a>
        {first !== undefined && (
          <>
            , or change the mode of one, such as that of <a href={streamLink(first, "settings")}>{first}</a>
          </>
        )}
        .
      </p>
    </>
  );
}
