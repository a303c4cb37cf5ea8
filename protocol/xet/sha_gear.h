#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/bytes.h"

/// The inner loop of HashingChunker: SHA-256 blocks by the CPU's SHA extensions, with and without
/// gear hashing in their shade.
namespace waag::xet::sha_gear {

using State = std::array<std::uint32_t, 8>;  // a..h of FIPS 180-4

/// Initial hash value. Source: FIPS 180-4, 5.3.3.
inline constexpr State initial_state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// Whether this CPU can run the functions below.
bool available();

/// Compresses `blocks` (a multiple of 64 bytes) into `state`.
void compress(State& state, ByteView blocks);

struct Stretch {
  std::size_t bytes = 0;  // that were compressed
  bool cut = false;       // the last block of them holds a cut
};
/// Compresses blocks and folds their bytes into the gear hash, up to and with the first block in
/// which the hash meets chunk_mask. With a cut, `hash` is what it was before that block, which the
/// caller then scans byte by byte.
Stretch compress_until_cut(State& state, ByteView blocks, std::uint64_t& hash);

}  // namespace waag::xet::sha_gear
