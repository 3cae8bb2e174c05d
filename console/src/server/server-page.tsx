import { useState } from "preact/hooks";
import { type ServerReport, server, serverNowMs } from "../api/console-data.ts";
import { session } from "../api/session.ts";
import { Card } from "../parts/card.tsx";
import { bytesText, durationText, exactText, timeText } from "../parts/format.ts";
import { AccountSection } from "./account-section.tsx";

/** How the server is, and what it was told to be. */
export function ServerPage() {
  const report = server.value;
  if (report === undefined) return null;
  const { health, version, node, startedMs, memory, verifiesSignatures, mode, account, region } = report;
  return (
    <section class="page narrow">
      <h1>Server</h1>
      <div class="cards">
        <Card
          title="Health"
          tone={health.status === "ready" ? (health.degraded.length === 0 ? "good" : "warn") : "bad"}
        >
          {health.status}
        </Card>
        <Card title="What is acknowledged" tone={health.durable ? "good" : "warn"}>
          {health.durable ? "is on the disk" : "is lost with the process"}
        </Card>
        <DiskCard report={report} />
        <Card title="Running for">{durationText(serverNowMs() - startedMs)}</Card>
        <Card title="Memory">{bytesText(memory.rss)}</Card>
      </div>
      {health.degraded.length > 0 && (
        <>
          <h2>What is wrong</h2>
          <ul class="degraded">
            {health.degraded.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          <p class="hint">docs/operating.md has a row for each of these sentences: what it means and what to do.</p>
        </>
      )}
      <h2>Facts</h2>
      <dl class="wide-list">
        <dt>Version</dt>
        <dd>
          Millrace {version}, Node {node}
        </dd>
        <dt>Started</dt>
        <dd>{timeText(startedMs)}</dd>
        <dt>Engine</dt>
        <dd>{health.engine}</dd>
        <dt>Signatures</dt>
        <dd>{verifiesSignatures ? "verified with the credentials file" : "read, not verified"}</dd>
        <dt>Account and region</dt>
        <dd>
          {account}, {region}
        </dd>
        <dt>This console</dt>
        <dd>{mode === "on" ? "may change streams" : "only reads"}</dd>
      </dl>
      {(!verifiesSignatures || session.value.key !== undefined) && <AccountSection />}
      <Settings />
      <Figures />
    </section>
  );
}

/** An engine that is not on a disk of this machine has no such figures. */
function DiskCard({ report: { figures, isOutOfSpace } }: { readonly report: ServerReport }) {
  const { disk_free_bytes: free, wal_bytes: log = 0, segment_bytes: segments = 0 } = figures;
  if (free === undefined) return null;
  return (
    <Card title={`Free on the disk; ${bytesText(log + segments)} are used`} tone={isOutOfSpace ? "bad" : undefined}>
      {isOutOfSpace ? "used up: puts are refused" : bytesText(free)}
    </Card>
  );
}

function Settings() {
  const [showsAll, setShowsAll] = useState(false);
  const settings = server.value?.settings ?? [];
  const shown = showsAll ? settings : settings.filter(({ isSet }) => isSet);
  return (
    <>
      <div class="bar">
        <h2>Configuration in force</h2>
        <label class="check">
          <input type="checkbox" checked={showsAll} onInput={(event) => setShowsAll(event.currentTarget.checked)} />
          Show defaults too
        </label>
      </div>
      {shown.length === 0 ? (
        <p class="muted">All settings have their defaults.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col" class="wide">
                Meaning
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, value, isSet, help }) => (
              <tr key={name} class={isSet ? "set" : ""}>
                <td>
                  <code>--{name}</code>
                </td>
                <td class="long">{value ?? <span class="muted">not set</span>}</td>
                <td class="wide muted">{help}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Figures() {
  const figures = Object.entries(server.value?.figures ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  if (figures.length === 0) return null;
  return (
    <details>
      <summary>Figures of the engine, as /metrics has them</summary>
      <table>
        <tbody>
          {figures.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name.replaceAll("_", " ")}</th>
              <td class="num">{/bytes/.test(name) ? bytesText(value) : exactText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
