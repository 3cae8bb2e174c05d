import { callerKey, isReadOnly, serverNowMs } from "../api/console-data.ts";
import { formatRoute } from "../app/route.ts";
import { CreateButton } from "../parts/create-button.tsx";
import { agoText, exactText, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import { CreateQueueDialog } from "./create-queue-dialog.tsx";
import { type CountedQueue, deadLetterCount, lastOf, listQueues } from "./queue.ts";

const everyMs = 3_000;
const rowHeight = 40;

/** All queues of the caller with what is in them. */
export function QueuesPage() {
  const { value: queues, fault, refresh } = usePolled(listQueues, everyMs, callerKey());
  return (
    <section class="page fill">
      <div class="bar">
        <h1>Queues</h1>
        <span class="muted count" aria-live="polite">
          {queues === undefined ? "" : plural(queues.length, "queue")}
          {queues?.some(({ figures }) => figures === undefined) &&
            "; –: not counted by this server, or not used since its start"}
        </span>
        <span class="spring" />
        <CreateButton what="queue" dialog={CreateQueueDialog} onCreated={refresh} />
      </div>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {queues?.length === 0 && <NoQueues />}
      {queues !== undefined && queues.length > 0 && (
        <>
          <div class="queue-row head" aria-hidden="true">
            <span>Queue</span>
            <span class="wide">Stream</span>
            <span class="num">Waiting</span>
            <span class="num">In flight</span>
            <span class="num">Dead</span>
            <span class="num wide">Created</span>
          </div>
          <VirtualRows
            count={queues.length}
            rowHeight={rowHeight}
            label="Queues"
            row={(index) => {
              const counted = queues[index];
              return counted === undefined ? null : <QueueRow counted={counted} />;
            }}
          />
        </>
      )}
    </section>
  );
}

function QueueRow({ counted: { queue, figures } }: { readonly counted: CountedQueue }) {
  const { QueueName, QueueARN, QueueStatus, QueueCreationTimestamp, Streams } = queue;
  const dead = figures === undefined ? undefined : deadLetterCount(figures);
  return (
    <a class="queue-row" href={formatRoute({ page: "queue", arn: QueueARN, tab: "records" })}>
      <span class="name">
        <b>{QueueName}</b>
        {QueueStatus !== "ACTIVE" && <span class="tag warn">{QueueStatus.toLowerCase()}</span>}
      </span>
      <span class="wide">{Streams.map(({ StreamARN }) => lastOf(StreamARN)).join(", ")}</span>
      <span class="num">{exactText(figures?.visibleCount)}</span>
      <span class="num">{exactText(figures?.inFlightCount)}</span>
      <span class={`num ${dead === undefined || dead === 0 ? "" : "bad"}`}>{exactText(dead)}</span>
      <span class="num wide">{agoText(serverNowMs() - QueueCreationTimestamp * 1000)}</span>
    </a>
  );
}

function NoQueues() {
  return (
    <Empty>
      <h2>No queues yet</h2>
      <p>
        A queue hands the records of a stream out to workers that compete for them, and remembers which are done. Its
        stream is in on-demand mode.
      </p>
      {isReadOnly() && <p>Create one with the operation CreateQueue of an AWS SDK that knows queues.</p>}
    </Empty>
  );
}
