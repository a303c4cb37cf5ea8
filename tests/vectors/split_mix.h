#pragma once

#include <cstdint>

#include "protocol/bytes.h"

namespace waag::test {

/// SplitMix64, the generator that the published chunker vectors are stated in (XET 1.4).
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// Uniform enough for tests, 0 <= result < bound.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

/// The stream's words in little-endian order, cut to `count` bytes.
inline Bytes split_mix_bytes(std::uint64_t seed, std::size_t count) {
  SplitMix words(seed);
  ByteWriter out;
  while (out.bytes().size() < count) out.fixed(words.next());
  Bytes bytes = out.take();
  bytes.resize(count);
  return bytes;
}

}  // namespace waag::test
