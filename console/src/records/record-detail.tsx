import { isReadOnly } from "../api/console-data.ts";
import { go } from "../app/address.ts";
import { streamLink } from "../app/route.ts";
import type { Decoded } from "../decode/decode.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { bytesText, timeText } from "../parts/format.ts";
import { draft } from "../put/draft.ts";
import { dataBytes, useDecoded } from "./decoded-record.ts";
import { PayloadView } from "./payload-view.tsx";
import { ndjsonLine, type StreamRecord } from "./record.ts";

interface RecordDetailProps {
  readonly stream: string;
  readonly record: StreamRecord;
  readonly onClose: () => void;
  readonly onMove: (by: number) => void;
}

/** Everything of one record. */
export function RecordDetail({ stream, record, onClose, onMove }: RecordDetailProps) {
  const decoded = useDecoded(record);
  const link = streamLink(stream, "records", { shard: record.shardId, seq: record.sequenceNumber });
  return (
    <aside class="detail" aria-label="Record">
      <header>
        <h2>Record</h2>
        <button type="button" class="quiet" aria-label="Newer record" onClick={() => onMove(-1)}>
          ↑
        </button>
        <button type="button" class="quiet" aria-label="Older record" onClick={() => onMove(1)}>
          ↓
        </button>
        <span class="spring" />
        <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <dl>
        <dt>Arrived</dt>
        <dd>{timeText(record.arrivalMs)}</dd>
        <dt>Shard</dt>
        <dd>{record.shardId}</dd>
        <dt>Sequence number</dt>
        <dd class="long">
          {record.sequenceNumber}
          {record.subSequenceNumber !== undefined && `, sub-sequence ${record.subSequenceNumber}`}
        </dd>
        <dt>Partition key</dt>
        <dd class="long">{record.partitionKey}</dd>
        {record.explicitHashKey !== undefined && (
          <>
            <dt>Explicit hash key</dt>
            <dd class="long">{record.explicitHashKey}</dd>
          </>
        )}
        <dt>Size</dt>
        <dd>{sizeText(record, decoded)}</dd>
      </dl>
      <div class="actions wrap">
        <a class="button small" href={link} target="_blank" rel="noreferrer">
          Link to this record
        </a>
        <CopyButton label="Copy data" text={() => decoded?.text || record.dataBase64} />
        <CopyButton label="Copy as NDJSON" text={() => ndjsonLine(record)} />
        {!isReadOnly() && (
          <button
            type="button"
            class="small"
            onClick={() => {
              draft.value = { partitionKey: record.partitionKey, dataBase64: record.dataBase64 };
              go({ page: "stream", name: stream, tab: "put", query: {} });
            }}
          >
            Edit and send again
          </button>
        )}
      </div>
      {decoded === undefined ? <p class="loading">Unpacking…</p> : <PayloadView decoded={decoded} />}
    </aside>
  );
}

function sizeText(record: StreamRecord, decoded: Decoded | undefined): string {
  const stored = bytesText(dataBytes(record));
  if (decoded === undefined || decoded.packings.length === 0) return stored;
  return `${stored}; ${bytesText(decoded.bytes.length)} out of ${decoded.packings.join(" in ")}`;
}
