import { isReadOnly } from "../api/console-data.ts";
import { formatRoute, type QueueTab, queueTabs, streamLink } from "../app/route.ts";
import { Card } from "../parts/card.tsx";
import { exactText, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { DeliveriesTab } from "./deliveries-tab.tsx";
import { type DescribedQueue, deadLetterCount, describeQueue, lastOf } from "./queue.ts";
import { QueueSettings } from "./queue-settings.tsx";

const everyMs = 2_000;

const tabNames: Readonly<Record<QueueTab, string>> = {
  records: "Records",
  "dead-letters": "Dead letters",
  settings: "Settings",
};

interface QueuePageProps {
  readonly arn: string;
  readonly tab: QueueTab;
}

/** One queue: what is in it, its records, its dead letters, and its settings. */
export function QueuePage({ arn, tab }: QueuePageProps) {
  const described = usePolled(() => describeQueue(arn), everyMs, arn);
  return (
    <section class="page">
      <div class="bar stream-head">
        <h1>{described.value?.queue.QueueName ?? "Queue"}</h1>
        {described.value !== undefined && <Facts described={described.value} />}
      </div>
      <nav class="tabs" aria-label="Queue">
        {queueTabs.map((one) => (
          <a
            key={one}
            href={formatRoute({ page: "queue", arn, tab: one })}
            aria-current={one === tab ? "page" : undefined}
          >
            {tabNames[one]}
          </a>
        ))}
      </nav>
      {described.fault !== undefined && <Fault>{described.fault}</Fault>}
      {described.value === undefined ? (
        described.fault === undefined && <p class="loading">Loading…</p>
      ) : (
        <TabBody {...{ tab }} described={described.value} refresh={described.refresh} />
      )}
    </section>
  );
}

interface TabBodyProps {
  readonly tab: QueueTab;
  readonly described: DescribedQueue;
  readonly refresh: () => void;
}

function TabBody({ tab, described: { queue, figures }, refresh }: TabBodyProps) {
  if (tab === "settings") return <QueueSettings queue={queue} refresh={refresh} />;
  return (
    <>
      {figures !== undefined && (
        <div class="cards">
          <Card title="Waiting">{exactText(figures.visibleCount)}</Card>
          <Card title="In flight">{exactText(figures.inFlightCount)}</Card>
          <Card title="Dead letters" tone={deadLetterCount(figures) === 0 ? undefined : "bad"}>
            {exactText(deadLetterCount(figures))}
          </Card>
          <Card title="Acknowledged since the server's start">{exactText(figures.acknowledgedCount)}</Card>
        </div>
      )}
      {figures === undefined && (
        <p class="hint">
          This server has handed out no record of the queue since its start, so it counts nothing of it.
        </p>
      )}
      {isReadOnly() ? (
        <Empty>
          <p>To receive records is a change: workers do not get them meanwhile. This console is read-only.</p>
        </Empty>
      ) : (
        <DeliveriesTab
          key={tab}
          kind={tab === "records" ? "live" : "dead"}
          arn={queue.QueueARN}
          timeoutSeconds={queue.QueueAttributes?.VisibilityTimeoutSeconds ?? 30}
          refresh={refresh}
        />
      )}
    </>
  );
}

function Facts({ described: { queue } }: { readonly described: DescribedQueue }) {
  const { QueueStatus, StreamConfigurationList, QueueAttributes = {} } = queue;
  const { VisibilityTimeoutSeconds = 0, DeadLetterConfiguration } = QueueAttributes;
  return (
    <p class="facts">
      {QueueStatus !== "ACTIVE" && <span class="tag warn">{QueueStatus.toLowerCase()}</span>}
      {StreamConfigurationList.map(({ StreamARN }) => (
        <span key={StreamARN}>
          of the stream <a href={streamLink(lastOf(StreamARN))}>{lastOf(StreamARN)}</a>
        </span>
      ))}
      <span>handed out again after {VisibilityTimeoutSeconds} s</span>
      <span>
        {DeadLetterConfiguration?.TargetType === "BUILT_IN"
          ? `a dead letter after ${plural(DeadLetterConfiguration.MaxReceiveCount ?? 0, "receive")}`
          : "no dead letters"}
      </span>
    </p>
  );
}
