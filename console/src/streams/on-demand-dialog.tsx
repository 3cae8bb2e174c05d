import type { ComponentChildren } from "preact";
import { callerKey, type StreamReport } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import type { StreamDescription } from "../api/shapes.ts";
import { streamLink } from "../app/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { listStreams } from "./list-streams.ts";

const everyMs = 10_000;

interface OnDemandDialogProps {
  readonly what: "queue" | "channel";
  readonly onClose: () => void;
  /** The form, for the streams that can be chosen; at least one. */
  readonly children: (streams: readonly StreamReport[]) => ComponentChildren;
}

/** A dialog that creates what only a stream in on-demand mode can have. */
export function OnDemandDialog({ what, onClose, children }: OnDemandDialogProps) {
  const { value: streams, fault } = usePolled(listStreams, everyMs, callerKey());
  const usable = streams?.filter(({ isOnDemand, status }) => isOnDemand && status !== "DELETING");
  return (
    <Dialog title={`Create a ${what}`} onClose={onClose}>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {usable?.length === 0 && <NoStreamForIt what={what} first={streams?.[0]?.name} />}
      {usable !== undefined && usable.length > 0 && children(usable)}
    </Dialog>
  );
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

/** The field of a form in which a stream is chosen; `chosenStreamArn` reads it. */
export function StreamField({ streams }: { readonly streams: readonly StreamReport[] }) {
  return (
    <label>
      Stream
      <select name="stream">
        {streams.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <small>Streams in on-demand mode.</small>
    </label>
  );
}

/** Errors: KinesisError. */
export async function chosenStreamArn(data: FormData): Promise<string> {
  const { StreamDescriptionSummary } = await kinesis<{ StreamDescriptionSummary: StreamDescription }>(
    "DescribeStreamSummary",
    { StreamName: String(data.get("stream")) },
  );
  return StreamDescriptionSummary.StreamARN;
}
