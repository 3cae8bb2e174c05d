import { useEffect, useState } from "preact/hooks";
import { loadServer, server, serverFault } from "../api/console-data.ts";
import { session } from "../api/session.ts";
import { ChannelPage } from "../channels/channel-page.tsx";
import { ChannelsPage } from "../channels/channels-page.tsx";
import { QueuePage } from "../queues/queue-page.tsx";
import { QueuesPage } from "../queues/queues-page.tsx";
import { ServerPage } from "../server/server-page.tsx";
import { StreamPage } from "../streams/stream-page.tsx";
import { StreamsPage } from "../streams/streams-page.tsx";
import { route } from "./address.ts";
import { CallerDialog } from "./caller-dialog.tsx";
import { prefer, preferences, type Theme } from "./preferences.ts";

const serverEveryMs = 5_000;

/** What is on every page: where one is, how the server is, who the page calls as. */
export function Shell() {
  useEffect(() => {
    void loadServer();
    const timer = setInterval(() => {
      if (!document.hidden) void loadServer();
    }, serverEveryMs);
    return () => clearInterval(timer);
  }, []);
  const { page } = route.value;
  return (
    <>
      <header class="top">
        <a class="brand" href="#/streams" aria-label="Millrace">
          <img src="icon.svg" alt="" width="22" height="22" />
          <span>Millrace</span>
        </a>
        <nav aria-label="Main">
          <a href="#/streams" aria-current={page === "streams" || page === "stream" ? "page" : undefined}>
            Streams
          </a>
          <a href="#/queues" aria-current={page === "queues" || page === "queue" ? "page" : undefined}>
            Queues
          </a>
          <a href="#/channels" aria-current={page === "channels" || page === "channel" ? "page" : undefined}>
            Channels
          </a>
          <a href="#/server" aria-current={page === "server" ? "page" : undefined}>
            Server
            <HealthMark />
          </a>
        </nav>
        <span class="spring" />
        {server.value?.mode === "read-only" && (
          <span class="tag" title="The server was started with --console read-only, or listens beyond this machine">
            read-only
          </span>
        )}
        <CallerButton />
        <ThemeButton />
      </header>
      {serverFault.value !== undefined && (
        <p class="fault banner" role="alert">
          {serverFault.value} What you see may be old.
        </p>
      )}
      <main>
        <Page />
      </main>
    </>
  );
}

function Page() {
  const at = route.value;
  if (server.value === undefined) return <p class="loading">{serverFault.value === undefined ? "Loading…" : ""}</p>;
  if (server.value.verifiesSignatures && session.value.key === undefined && at.page !== "server") return <KeysWanted />;
  switch (at.page) {
    case "streams":
      return <StreamsPage />;
    case "queues":
      return <QueuesPage />;
    case "channels":
      return <ChannelsPage />;
    case "channel":
      return <ChannelPage key={at.arn} arn={at.arn} />;
    case "queue":
      return <QueuePage key={at.arn} arn={at.arn} tab={at.tab} />;
    case "server":
      return <ServerPage />;
    case "stream":
      return <StreamPage key={at.name} name={at.name} tab={at.tab} query={at.query} />;
  }
}

function KeysWanted() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="empty">
      <h1>This server verifies signatures</h1>
      <p>Enter an access key of its credentials file. The page signs each call with it, in this browser.</p>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Enter an access key
      </button>
      {isOpen && <CallerDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

function HealthMark() {
  const health = server.value?.health;
  if (health === undefined) return null;
  const isWell = health.status === "ready" && health.degraded.length === 0;
  const word = isWell ? "ready" : health.status === "ready" ? "degraded" : health.status;
  return (
    <span class={`mark ${isWell ? "good" : health.status === "ready" ? "warn" : "bad"}`}>
      <span class="dot" aria-hidden="true" /> <span class="word">{word}</span>
    </span>
  );
}

function CallerButton() {
  const [isOpen, setOpen] = useState(false);
  const report = server.value;
  if (report === undefined) return null;
  const { key, account, region } = session.value;
  const who = key?.accessKeyId ?? account ?? report.account;
  return (
    <>
      <button type="button" class="quiet caller" onClick={() => setOpen(true)} title="Account and region">
        <span class="who">{who} · </span>
        {region ?? report.region}
      </button>
      {isOpen && <CallerDialog onClose={() => setOpen(false)} />}
    </>
  );
}

const nextTheme: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };

function ThemeButton() {
  const { theme } = preferences.value;
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Colors: ${theme}`}
      title={`Colors: ${theme}`}
      onClick={() => prefer({ theme: nextTheme[theme] })}
    >
      {theme === "auto" ? "◐" : theme === "light" ? "☀" : "☾"}
    </button>
  );
}
