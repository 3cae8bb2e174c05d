import { type DataForm, prefer, preferences } from "../app/preferences.ts";
import { fromUtf8, hexDump, toBase64 } from "../decode/bytes.ts";
import type { CloudWatchLogs, Decoded } from "../decode/decode.ts";
import { Choices } from "../parts/choices.tsx";
import { timeText } from "../parts/format.ts";
import { JsonText } from "../parts/json-text.tsx";

const forms: readonly (readonly [DataForm, string])[] = [
  ["auto", "Decoded"],
  ["text", "Text"],
  ["hex", "Hex"],
  ["base64", "Base64"],
];

/** The data of a record, in the form that a person has chosen. */
export function PayloadView({ decoded }: { readonly decoded: Decoded }) {
  const { form } = preferences.value;
  return (
    <>
      <div class="bar">
        <Choices
          label="How to show the data"
          names={forms}
          chosen={form}
          onChoose={(chosen) => prefer({ form: chosen })}
        />
        {form === "auto" && <span class="muted">{formNames[decoded.form]}</span>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard. */}
      <pre class="payload" tabIndex={0}>
        <Data decoded={decoded} form={form} />
      </pre>
    </>
  );
}

const formNames: Readonly<Record<Decoded["form"], string>> = {
  json: "JSON",
  text: "text",
  "cloudwatch-logs": "CloudWatch Logs",
  message: "Protocol Buffers",
  protobuf: "Protocol Buffers, without a schema",
  binary: "binary",
  empty: "empty",
};

/** Lines of a hex dump that are shown. */
const hexLinesMax = 4_096;

function Data({ decoded, form }: { readonly decoded: Decoded; readonly form: DataForm }) {
  const { bytes, text } = decoded;
  if (form === "hex") return <>{hexDump(bytes, hexLinesMax)}</>;
  if (form === "base64") return <>{toBase64(bytes)}</>;
  if (form === "text") return <>{fromUtf8(bytes) ?? new TextDecoder().decode(bytes)}</>;
  switch (decoded.form) {
    case "cloudwatch-logs":
      return <LogEvents logs={decoded.value as CloudWatchLogs} />;
    case "json":
    case "message":
      return <JsonText text={text} />;
    case "binary":
      return <>{hexDump(bytes, hexLinesMax)}</>;
    default:
      return <>{text}</>;
  }
}

function LogEvents({ logs }: { readonly logs: CloudWatchLogs }) {
  const { messageType, logGroup, logStream, logEvents } = logs;
  const lines = logEvents.map(({ timestamp, message }) => `${timeText(timestamp)}  ${message}`);
  return <>{[`${messageType} of ${logGroup} ${logStream}`, "", ...lines].join("\n")}</>;
}
