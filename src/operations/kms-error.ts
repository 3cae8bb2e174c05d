import { KeyError } from "../keys/key-provider.ts";
import {
  keyDisabled,
  keyInvalidState,
  keyNeedsOptIn,
  keyNotForReader,
  keyNotForWriter,
  keyNotFound,
  keyThrottled,
} from "../model/key-errors.ts";
import { awsPartitionOf, streamArn } from "../streams/arn.ts";
import { parseMasterKeyRef } from "../streams/master-key-ref.ts";
import type { Stream } from "../streams/stream.ts";
import type { Caller } from "./caller.ts";

interface KeyUse {
  readonly stream: Stream;
  readonly caller: Caller;
  readonly use: "write" | "read";
  /** Default: the key of the stream. */
  readonly keyId?: string;
}

/**
 * The KMS…Exception for a `KeyError`; any other error unchanged. An unavailable key service stays an internal failure: the
 * client retries, and the log has the cause.
 */
export function toKmsError(error: unknown, { stream, caller, use, keyId: requestedKeyId }: KeyUse): unknown {
  if (!(error instanceof KeyError)) return error;
  const keyId = requestedKeyId ?? stream.encryption?.keyId ?? stream.dataKeys?.at(-1)?.keyId ?? "of an earlier time";
  switch (error.kind) {
    case "access_denied": {
      const user = `arn:${awsPartitionOf(stream.region)}:iam::${caller.account}:root`;
      return use === "read" ? keyNotForReader(user, streamArn(stream)) : keyNotForWriter(user, keyArn(keyId, stream));
    }
    case "disabled":
      return keyDisabled(keyId, stream);
    case "invalid_state":
      return keyInvalidState(keyId, stream);
    case "not_found":
      return keyNotFound(keyId, stream);
    case "opt_in_required":
      return keyNeedsOptIn(keyId, stream);
    case "throttled":
      return keyThrottled(keyId, stream);
    case "unavailable":
      return error;
  }
}

function keyArn(keyId: string, stream: Stream): string {
  const place = parseMasterKeyRef(keyId, stream);
  if (place === undefined) return keyId;
  return `arn:${awsPartitionOf(place.region)}:kms:${place.region}:${place.account}:${place.name}`;
}
