/**
 * CRC-32, as zlib computes it, of some KiB and more. A module of its own, made for each memory that holds bytes of the log: it
 * keeps all it needs in the first 64 KiB.
 *
 * Seen as vectors of 16 bytes, a message keeps its checksum when one of them is taken out and added (xor) to some behind it, if
 * the sum of x^(-128 * distance) over their distances is 1 modulo the polynomial. So a message melts into its end, with a few
 * loads for a vector; a multiplication of polynomials, which WebAssembly does not have, is not needed. After S. Russell,
 * "Chorba: A novel CRC32 implementation", 2024. The distances, as small as four and eight can be, were found by a search. Four
 * cost less for a vector, eight leave less to be done by tables.
 */

const VECTOR: usize = 16;
const FAR: usize = 300 * VECTOR;
const NEAR: usize = 66 * VECTOR;
/** Fewer bytes are left to `NEAR` alone. */
const FAR_BYTES_MIN: usize = 700 * VECTOR;
/** What melts before its beginning is given up and its end becomes the next beginning. */
const STRETCH: usize = 1024 * VECTOR;

/** Table `t`, of 256 words, at `1024 * t`: what a byte does to the checksum when `t` zero bytes follow it. */
const SINGLE: usize = 1024;
/** The same for byte `t` of eight, when the rest of these eight and 24 more follow. */
const BRAID: usize = SINGLE + 8 * 1024;
/** Vectors as they are when they are taken out: those before, a stretch, and zeros. */
const FAR_TAKEN: usize = BRAID + 8 * 1024;
const NEAR_TAKEN: usize = FAR_TAKEN + FAR + STRETCH + FAR;
/** What is left of a message. */
const FAR_REST: usize = NEAR_TAKEN + NEAR + FAR_BYTES_MIN + NEAR;
const NEAR_REST: usize = FAR_REST + FAR;
/** Bytes of the memory that the module uses; the rest belongs to the WAL. */
const OWN_BYTES: usize = 64 * 1024;
if (NEAR_REST + NEAR > OWN_BYTES) unreachable();

for (let byte: u32 = 0; byte < 256; byte += 1) {
  let state = byte;
  for (let bit = 0; bit < 8; bit += 1) state = (state & 1) !== 0 ? (state >>> 1) ^ 0xedb88320 : state >>> 1;
  store<u32>(SINGLE + (byte << 2), state);
}
for (let entry: usize = 1024; entry < 8 * 1024; entry += 4) {
  const before = load<u32>(SINGLE + entry - 1024);
  store<u32>(SINGLE + entry, (before >>> 8) ^ load<u32>(SINGLE + ((before & 0xff) << 2)));
}
for (let table: usize = 0; table < 8; table += 1) {
  for (let byte: usize = 0; byte < 1024; byte += 4) {
    let state = load<u32>(SINGLE + ((7 - table) << 10) + byte);
    for (let words = 0; words < 3; words += 1) state = single(state);
    store<u32>(BRAID + (table << 10) + byte, state);
  }
}

/** CRC-32 of `bytes` at `at`, continued from the checksum of the bytes before: 0 where there are none. */
export function checksum(at: usize, bytes: usize, before: u32): u32 {
  const end = at + bytes;
  const vectorsEnd = at + (bytes & ~(VECTOR - 1));
  if (bytes < 2 * NEAR) return ~byTables(at, end, ~before);
  let first = i32x4.replace_lane(i32x4.splat(0), 0, ~before);
  let rest = vectorsEnd;
  if (bytes >= FAR_BYTES_MIN) {
    meltFar(at, vectorsEnd, first);
    first = i32x4.splat(0);
    at = FAR_REST;
    rest = FAR_REST + FAR;
  }
  meltNear(at, rest, first);
  return ~byTables(vectorsEnd, end, byTables(NEAR_REST, NEAR_REST + NEAR, 0));
}

/** `taken` is `FAR` before the place that belongs to the vector `at`. */
// @ts-expect-error: decorator
function far(at: usize, taken: usize): v128 {
  return v128.xor(
    v128.xor(v128.load(at), v128.load(taken)),
    v128.xor(
      v128.load(taken, FAR - 211 * VECTOR),
      v128.xor(v128.load(taken, FAR - 183 * VECTOR), v128.load(taken, FAR - 145 * VECTOR)),
    ),
  );
}

/** The same with `NEAR`. */
// @ts-expect-error: decorator
function near(at: usize, taken: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(at), v128.load(taken)),
      v128.xor(v128.load(taken, NEAR - 64 * VECTOR), v128.load(taken, NEAR - 63 * VECTOR)),
    ),
    v128.xor(
      v128.xor(v128.load(taken, NEAR - 48 * VECTOR), v128.load(taken, NEAR - 47 * VECTOR)),
      v128.xor(
        v128.load(taken, NEAR - 34 * VECTOR),
        v128.xor(v128.load(taken, NEAR - 29 * VECTOR), v128.load(taken, NEAR - 9 * VECTOR)),
      ),
    ),
  );
}

/** Leaves in `FAR_REST` what the vectors up to `end` become when `first` is added to the first of them. */
function meltFar(at: usize, end: usize, first: v128): void {
  memory.fill(FAR_TAKEN, 0, FAR);
  let taken = FAR_TAKEN;
  v128.store(taken, v128.xor(v128.load(at), first), FAR);
  taken += VECTOR;
  at += VECTOR;
  for (;;) {
    const stretchEnd = FAR_TAKEN + min(STRETCH, end - FAR - at + (taken - FAR_TAKEN));
    for (; taken + 4 * VECTOR <= stretchEnd; taken += 4 * VECTOR, at += 4 * VECTOR) {
      v128.store(taken, far(at, taken), FAR);
      v128.store(taken, far(at + VECTOR, taken + VECTOR), FAR + VECTOR);
      v128.store(taken, far(at + 2 * VECTOR, taken + 2 * VECTOR), FAR + 2 * VECTOR);
      v128.store(taken, far(at + 3 * VECTOR, taken + 3 * VECTOR), FAR + 3 * VECTOR);
    }
    for (; taken < stretchEnd; taken += VECTOR, at += VECTOR) v128.store(taken, far(at, taken), FAR);
    if (at === end - FAR) break;
    memory.copy(FAR_TAKEN, taken, FAR);
    taken = FAR_TAKEN;
  }
  // Nothing is taken out of the end.
  memory.fill(taken + FAR, 0, FAR);
  for (let rest = FAR_REST; rest < FAR_REST + FAR; rest += 2 * VECTOR, taken += 2 * VECTOR, at += 2 * VECTOR) {
    v128.store(rest, far(at, taken));
    v128.store(rest, far(at + VECTOR, taken + VECTOR), VECTOR);
  }
}

/** Leaves in `NEAR_REST` what the vectors up to `end` become when `first` is added to the first of them. */
function meltNear(at: usize, end: usize, first: v128): void {
  memory.fill(NEAR_TAKEN, 0, NEAR);
  let taken = NEAR_TAKEN;
  v128.store(taken, v128.xor(v128.load(at), first), NEAR);
  taken += VECTOR;
  at += VECTOR;
  for (; at + 4 * VECTOR <= end - NEAR; taken += 4 * VECTOR, at += 4 * VECTOR) {
    v128.store(taken, near(at, taken), NEAR);
    v128.store(taken, near(at + VECTOR, taken + VECTOR), NEAR + VECTOR);
    v128.store(taken, near(at + 2 * VECTOR, taken + 2 * VECTOR), NEAR + 2 * VECTOR);
    v128.store(taken, near(at + 3 * VECTOR, taken + 3 * VECTOR), NEAR + 3 * VECTOR);
  }
  for (; at < end - NEAR; taken += VECTOR, at += VECTOR) v128.store(taken, near(at, taken), NEAR);
  memory.fill(taken + NEAR, 0, NEAR);
  for (let rest = NEAR_REST; rest < NEAR_REST + NEAR; rest += 2 * VECTOR, taken += 2 * VECTOR, at += 2 * VECTOR) {
    v128.store(rest, near(at, taken));
    v128.store(rest, near(at + VECTOR, taken + VECTOR), VECTOR);
  }
}

/** The state behind bytes `at` to `end`, if `state` is the one before them. */
function byTables(at: usize, end: usize, state: u32): u32 {
  if (at + 64 <= end) {
    // Every fourth eight bytes by themselves, so that no lookup waits for the one before.
    let second: u32 = 0;
    let third: u32 = 0;
    let fourth: u32 = 0;
    for (; at + 64 <= end; at += 32) {
      state = braid(load<u64>(at) ^ state);
      second = braid(load<u64>(at, 8) ^ second);
      third = braid(load<u64>(at, 16) ^ third);
      fourth = braid(load<u64>(at, 24) ^ fourth);
    }
    state = single(load<u64>(at) ^ state);
    state = single(load<u64>(at, 8) ^ second ^ state);
    state = single(load<u64>(at, 16) ^ third ^ state);
    state = single(load<u64>(at, 24) ^ fourth ^ state);
    at += 32;
  }
  for (; at + 8 <= end; at += 8) state = single(load<u64>(at) ^ state);
  for (; at < end; at += 1) state = (state >>> 8) ^ load<u32>(((state ^ load<u8>(at)) & 0xff) << 2, SINGLE);
  return state;
}

/** The state behind eight bytes to which the state before them has been added. */
// @ts-expect-error: decorator
function single(bytes: u64): u32 {
  const low = <u32>bytes;
  const high = <u32>(bytes >> 32);
  return (
    load<u32>((low << 2) & 0x3fc, SINGLE + 7 * 1024) ^
    load<u32>((low >>> 6) & 0x3fc, SINGLE + 6 * 1024) ^
    load<u32>((low >>> 14) & 0x3fc, SINGLE + 5 * 1024) ^
    load<u32>((low >>> 22) & 0x3fc, SINGLE + 4 * 1024) ^
    load<u32>((high << 2) & 0x3fc, SINGLE + 3 * 1024) ^
    load<u32>((high >>> 6) & 0x3fc, SINGLE + 2 * 1024) ^
    load<u32>((high >>> 14) & 0x3fc, SINGLE + 1024) ^
    load<u32>((high >>> 22) & 0x3fc, SINGLE)
  );
}

/** The same 24 bytes later. */
// @ts-expect-error: decorator
function braid(bytes: u64): u32 {
  const low = <u32>bytes;
  const high = <u32>(bytes >> 32);
  return (
    load<u32>((low << 2) & 0x3fc, BRAID) ^
    load<u32>((low >>> 6) & 0x3fc, BRAID + 1024) ^
    load<u32>((low >>> 14) & 0x3fc, BRAID + 2 * 1024) ^
    load<u32>((low >>> 22) & 0x3fc, BRAID + 3 * 1024) ^
    load<u32>((high << 2) & 0x3fc, BRAID + 4 * 1024) ^
    load<u32>((high >>> 6) & 0x3fc, BRAID + 5 * 1024) ^
    load<u32>((high >>> 14) & 0x3fc, BRAID + 6 * 1024) ^
    load<u32>((high >>> 22) & 0x3fc, BRAID + 7 * 1024)
  );
}
