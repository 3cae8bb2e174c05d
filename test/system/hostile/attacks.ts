import type { Attack } from "./attack.ts";
import { largeBodies } from "./attacks/bodies-before-authentication.ts";
import { burstOfPages } from "./attacks/burst-of-pages.ts";
import { floods } from "./attacks/floods.ts";
import { http2UnfinishedBodies } from "./attacks/http2-unfinished-bodies.ts";
import { largeMetricCalls } from "./attacks/large-metric-calls.ts";
import { policyPatterns } from "./attacks/policy-patterns.ts";
import { repeatedSignedHeaders } from "./attacks/repeated-signed-headers.ts";
import { slowBodies } from "./attacks/slow-bodies.ts";
import { slowReaders } from "./attacks/slow-readers.ts";
import { storedNotAnswered } from "./attacks/stored-not-answered.ts";
import { tokenOfQuotes } from "./attacks/token-of-quotes.ts";
import { unreadResponses } from "./attacks/unread-responses.ts";
import { unreadSubscriptions } from "./attacks/unread-subscriptions.ts";

export const attacks: readonly Attack[] = [
  repeatedSignedHeaders,
  tokenOfQuotes,
  ...largeBodies,
  slowBodies,
  http2UnfinishedBodies,
  ...[unreadResponses, unreadSubscriptions, slowReaders, burstOfPages],
  policyPatterns,
  largeMetricCalls,
  storedNotAnswered,
  ...floods,
];
