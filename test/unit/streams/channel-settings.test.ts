import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateChannelInput } from "../../../src/model/shapes.generated.ts";
import { parseChannelSettings } from "../../../src/streams/channel-settings.ts";

const place = { BucketARN: "arn:aws:s3:::lake", ExpectedBucketOwner: "000000000000" };

interface Named {
  readonly channel?: string;
  readonly stream?: string;
  readonly template?: string;
  readonly prefix?: string;
}

function parse({ channel = "lake", stream = "clicks", template, prefix }: Named, isTable = false) {
  const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`;
  const DeadLetterQueueS3Configuration = { ...place, ...(prefix === undefined ? {} : { ErrorOutputPrefix: prefix }) };
  const storage = {
    ...place,
    CompressionType: "NONE",
    ...(template === undefined ? {} : { OutputKeyTemplate: template }),
  };
  const table = { TableBucketARN: "arn", Namespace: "n", TableName: "t", CompressionType: "NONE" } as const;
  const input = {
    ChannelName: channel,
    ServiceExecutionRoleARN: "arn:aws:iam::000000000000:role/r",
    StreamConfigurationList: [
      { StreamARN, RecordConfiguration: { RecordFormatType: "JSON", ...(isTable ? { GSRSchemaARN: "arn" } : {}) } },
    ],
    ...(isTable
      ? { S3TablesDestinationConfiguration: { DeadLetterQueueS3Configuration, S3TablesConfigurationList: [table] } }
      : { S3DestinationConfiguration: { DeadLetterQueueS3Configuration, StorageConfiguration: storage } }),
  };
  return parseChannelSettings(input as CreateChannelInput, 1);
}

test("names that are dots alone make no segment of a key, which stores refuse at each put", () => {
  const templateRefused = /^OutputKeyTemplate makes keys with the segment "\.\.?", which stores refuse\.$/;
  const lettersRefused = /^Keys of dead letters would have the segment "\.\.?", which stores refuse;/;
  for (const name of [".", ".."]) {
    assert.throws(() => parse({ channel: name }), { type: "ValidationException", message: templateRefused });
    assert.throws(() => parse({ stream: name, template: "a/!{stream-name}/!{dd}" }), { message: templateRefused });
    assert.throws(() => parse({ channel: name, template: "!{dd}" }), { message: lettersRefused });
    assert.throws(() => parse({ channel: name }, true), { message: lettersRefused });
    assert.throws(() => parse({ prefix: `${name}/errors/` }), { message: lettersRefused });
    assert.throws(() => parse({ prefix: `errors/${name}/` }, true), { message: lettersRefused });
    // In the last segment a suffix follows, in others what stands beside the name.
    parse({ channel: name, template: "a/!{channel-name}", prefix: "errors/" });
    parse({ stream: name, template: "a/s-!{stream-name}/!{dd}" });
    parse({ prefix: name });
  }
  parse({ channel: "...", stream: "a..b" });
});
