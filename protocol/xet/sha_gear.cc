#include "protocol/xet/sha_gear.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "protocol/xet/chunker.h"
#include "protocol/xet/gear_table.h"

namespace waag::xet::sha_gear {

#if defined(__x86_64__)

namespace {

/// Source: FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::size_t block_bytes = 64;
constexpr int rounds_per_group = 4;
constexpr int groups = 16;

#define WAAG_SHA_TARGET [[gnu::target("sha,sse4.1,ssse3")]]

/// Folds two bytes of a block into the gear hash.
inline void fold_two(const std::byte* bytes, std::uint64_t& hash, bool& cut) {
  for (int i = 0; i < 2; ++i) {
    hash = (hash << 1) + gear_table[static_cast<std::uint8_t>(bytes[i])];
    // A branch, not `cut |=`: nearly never taken, it costs one instruction a byte instead of three.
    if ((hash & chunk_mask) == 0) [[unlikely]]
      cut = true;
  }
}

/// One block. The state is held as the instructions want it: ABEF and CDGH, highest word first.
/// Each group is four rounds; four bytes of gear stand between their instructions so that both
/// chains are in the core's window at once.
template <bool with_gear>
WAAG_SHA_TARGET [[gnu::always_inline]] inline void compress_block(__m128i& abef, __m128i& cdgh,
                                                                  const std::byte* block,
                                                                  std::uint64_t& hash, bool& cut) {
  const __m128i byte_order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i abef_before = abef;
  const __m128i cdgh_before = cdgh;
  __m128i words[4];  // the last 16 words of the message schedule
#pragma GCC unroll 16
  for (int group = 0; group < groups; ++group) {
    auto& word = words[group % 4];
    const auto& last = words[(group + 3) % 4];
    if (group < 4) {
      word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + group);
      word = _mm_shuffle_epi8(word, byte_order);
    } else {
      const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(word, words[(group + 1) % 4]),
                                        _mm_alignr_epi8(last, words[(group + 2) % 4], 4));
      word = _mm_sha256msg2_epu32(sum, last);
    }
    const auto* constants = reinterpret_cast<const __m128i*>(round_constants.data());
    const __m128i input = _mm_add_epi32(word, _mm_load_si128(constants + group));
    const std::byte* bytes = block + group * rounds_per_group;
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
    if constexpr (with_gear) fold_two(bytes, hash, cut);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0E));
    if constexpr (with_gear) fold_two(bytes + 2, hash, cut);
  }
  abef = _mm_add_epi32(abef, abef_before);
  cdgh = _mm_add_epi32(cdgh, cdgh_before);
}

template <bool with_gear>
WAAG_SHA_TARGET Stretch run(State& state, ByteView blocks, std::uint64_t& hash) {
  auto* const words = reinterpret_cast<__m128i*>(state.data());
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
  std::uint64_t h = hash;
  bool cut = false;
  std::size_t done = 0;
  while (done < blocks.size() && !cut) {
    const auto before = h;
    compress_block<with_gear>(abef, cdgh, blocks.data() + done, h, cut);
    done += block_bytes;
    if (cut) h = before;
  }
  hash = h;
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
  return {done, cut};
}

}  // namespace

bool available() {
  static const bool has = [] {
    constexpr unsigned sha_bit = 1u << 29;  // leaf 7, EBX
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha_bit) != 0 &&
           __builtin_cpu_supports("sse4.1");
  }();
  return has;
}

void compress(State& state, ByteView blocks) {
  std::uint64_t unused = 0;
  (void)run<false>(state, blocks, unused);
}

Stretch compress_until_cut(State& state, ByteView blocks, std::uint64_t& hash) {
  return run<true>(state, blocks, hash);
}

#else

bool available() { return false; }
void compress(State&, ByteView) {}
Stretch compress_until_cut(State&, ByteView blocks, std::uint64_t&) {
  return {blocks.size(), false};
}

#endif

}  // namespace waag::xet::sha_gear
