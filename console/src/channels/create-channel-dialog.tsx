import { kinesis } from "../api/kinesis.ts";
import { Options } from "../parts/options.tsx";
import { OnDemandDialog } from "../streams/on-demand-dialog.tsx";

const formatNames: Readonly<Record<string, string>> = {
  JSON: "JSON, one record a line",
  STRING: "Text, one record a line",
  BYTE_ARRAY: "Bytes as they are, with nothing between records",
};

const compressionNames: Readonly<Record<string, string>> = { GZIP: "gzip", ZSTD: "zstd", NONE: "none" };

/** Creates a channel into a bucket. `onClose` is told whether it did. */
export function CreateChannelDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  return (
    <OnDemandDialog what="channel" namePlaceholder="orders-to-lake" create={createChannel} onClose={onClose}>
      <label>
        Bucket
        <input name="bucket" required pattern="[a-z0-9._\-]{3,63}" spellcheck={false} placeholder="lake" />
        <small>The file that --channels names says where it is.</small>
      </label>
      <label>
        Records
        <select name="format">
          <Options names={formatNames} />
        </select>
      </label>
      <label>
        Compression
        <select name="compression">
          <Options names={compressionNames} />
        </select>
      </label>
      <label>
        Freshness, in seconds
        <input name="freshness" type="number" min={1} max={900} required defaultValue={300} />
        <small>An object is written when its oldest record has waited for so long, or sooner when it is large.</small>
      </label>
      <MoreFields />
    </OnDemandDialog>
  );
}

function MoreFields() {
  return (
    <details>
      <summary>Keys, owner and role</summary>
      <div class="fields">
        <label>
          Template of keys
          <input name="keys" spellcheck={false} placeholder="clicks/!{yyyy}-!{MM}-!{dd}/!{HH}!{extension}" />
        </label>
        <label>
          Account that owns the bucket
          <input name="owner" pattern="\d{12}" title="12 digits" placeholder="that of the stream" />
        </label>
        <label>
          Role
          <input name="role" spellcheck={false} placeholder="arn:aws:iam::000000000000:role/delivery" />
          <small>Kept and shown; the server uses the credentials of the file.</small>
        </label>
      </div>
    </details>
  );
}

function createChannel(data: FormData, StreamARN: string): Promise<unknown> {
  const text = (name: string): string => String(data.get(name)).trim();
  const [, , , , account = ""] = StreamARN.split(":");
  const OutputKeyTemplate = text("keys");
  return kinesis("CreateChannel", {
    ChannelName: text("name"),
    ServiceExecutionRoleARN: text("role") || `arn:aws:iam::${account}:role/delivery`,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: text("format") } }],
    S3DestinationConfiguration: {
      DataFreshnessInSeconds: Number(text("freshness")),
      StorageConfiguration: {
        BucketARN: `arn:aws:s3:::${text("bucket")}`,
        ExpectedBucketOwner: text("owner") || account,
        CompressionType: text("compression"),
        ...(OutputKeyTemplate === "" ? {} : { OutputKeyTemplate }),
      },
    },
  });
}
