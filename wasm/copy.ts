/** Up to here a loop is as fast as the call of the runtime. */
const COPY_BY_LOOP_BYTES_MAX: usize = 192;

/** Writes exactly `bytes` bytes, none behind them. */
export function copy(to: usize, from: usize, bytes: usize): void {
  if (bytes > COPY_BY_LOOP_BYTES_MAX) {
    memory.copy(to, from, bytes);
    return;
  }
  if (bytes < 16) {
    if ((bytes & 8) !== 0) {
      store<u64>(to, load<u64>(from));
      to += 8;
      from += 8;
    }
    if ((bytes & 4) !== 0) {
      store<u32>(to, load<u32>(from));
      to += 4;
      from += 4;
    }
    if ((bytes & 2) !== 0) {
      store<u16>(to, load<u16>(from));
      to += 2;
      from += 2;
    }
    if ((bytes & 1) !== 0) store<u8>(to, load<u8>(from));
    return;
  }
  // The last sixteen bytes overlap those before.
  const last = bytes - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(to + at, v128.load(from + at));
  v128.store(to + last, v128.load(from + last));
}
