/** Limits of the process as a whole. What belongs to one part stands beside that part. */

/** How long a drain waits for requests in flight before it cuts them off. */
export const drainMsMax = 5_000;

/** Of one stream made at start; also what the service takes at most in one CreateStream. */
export const shardCountAtStartMax = 10_000;

export const streamsAtStartMax = 1_000;

/** Above an hour nobody is testing transitions any more. */
export const transitionDelayMsMax = 3_600_000;

/** Less than this holds no useful number of records. */
export const budgetBytesMin = 1024 ** 2;
