import { previewOf } from "../decode/decode.ts";
import { bytesText, shortShard, timeText } from "../parts/format.ts";
import { dataBytes, useDecoded } from "./decoded-record.ts";
import type { StreamRecord } from "./record.ts";

interface RecordRowProps {
  readonly record: StreamRecord;
  readonly isSelected: boolean;
  readonly onSelect: (record: StreamRecord) => void;
}

/** Colors of shards repeat after these many. */
const shardColorCount = 12;

/** One line of the list. Everything of the record is a text node. */
export function RecordRow({ record, isSelected, onSelect }: RecordRowProps) {
  const decoded = useDecoded(record);
  return (
    <button type="button" class="record-row" aria-pressed={isSelected} tabIndex={-1} onClick={() => onSelect(record)}>
      <span class="time">{timeText(record.arrivalMs)}</span>
      <span class={`shard c${record.shardIndex % shardColorCount}`} title={record.shardId}>
        {shortShard(record.shardId)}
      </span>
      <span class="key">{record.partitionKey}</span>
      <span class={`data ${decoded?.form ?? ""}`}>
        {decoded === undefined ? "…" : previewOf(decoded)}
        {decoded?.form === "empty" && <i>empty</i>}
      </span>
      <span class="marks">
        {record.subSequenceNumber !== undefined && <span class="tag">KPL {record.subSequenceNumber}</span>}
        {decoded?.packings.map((packing) => (
          <span key={packing} class="tag">
            {packing}
          </span>
        ))}
      </span>
      <span class="size">{bytesText(dataBytes(record))}</span>
    </button>
  );
}
