#include "storage/pack/codec.h"

#include <algorithm>
#include <new>

#include <lz4.h>
#include <zstd.h>

namespace waag::storage::pack {

namespace {

constexpr std::size_t sample_bytes = 16 * 1024;
/// Below this LZ4 takes no input: its sizes are int.
constexpr std::size_t lz4_bytes_max = LZ4_MAX_INPUT_SIZE;
/// Text may hold this many bytes in 1,000 outside printable ASCII, tab and line ends, and UTF-8
/// above 0x80.
constexpr std::size_t odd_bytes_per_1000 = 20;

struct CompressorFree {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};
struct DecompressorFree {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

const char* chars(ByteView bytes) { return reinterpret_cast<const char*>(bytes.data()); }
char* chars(std::span<std::byte> bytes) { return reinterpret_cast<char*>(bytes.data()); }

}  // namespace

struct Encoder::State {
  std::unique_ptr<ZSTD_CCtx, CompressorFree> zstd{ZSTD_createCCtx()};
};

Encoder::Encoder() : state_(std::make_unique<State>()) {
  if (!state_->zstd) throw std::bad_alloc();
}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

std::size_t Encoder::encode(Codec codec, ByteView raw, std::span<std::byte> out) {
  std::size_t stored = 0;
  if (codec == Codec::lz4 && raw.size() <= lz4_bytes_max) {
    const auto room = std::min(out.size(), lz4_bytes_max);
    stored = static_cast<std::size_t>(
        std::max(0, LZ4_compress_default(chars(raw), chars(out), static_cast<int>(raw.size()),
                                         static_cast<int>(room))));
  } else if (codec == Codec::zstd) {
    const auto written = ZSTD_compressCCtx(state_->zstd.get(), out.data(), out.size(), raw.data(),
                                           raw.size(), zstd_level);
    stored = ZSTD_isError(written) ? 0 : written;
  }
  return stored != 0 && pays(raw.size(), stored) ? stored : 0;
}

Status decode(Codec codec, ByteView stored, std::span<std::byte> out) {
  std::size_t got = out.size() + 1;
  switch (codec) {
    case Codec::raw:
      if (stored.size() != out.size()) return fail(Errc::corrupt, "raw record of another length");
      if (!out.empty()) std::memcpy(out.data(), stored.data(), out.size());
      return ok();
    case Codec::lz4: {
      if (stored.size() > lz4_bytes_max || out.size() > lz4_bytes_max) break;
      const auto size = LZ4_decompress_safe(
          chars(stored), chars(out), static_cast<int>(stored.size()), static_cast<int>(out.size()));
      if (size >= 0) got = static_cast<std::size_t>(size);
      break;
    }
    case Codec::zstd: {
      // One context a thread: making one costs more than decoding a chunk. It holds no state
      // between calls.
      thread_local const std::unique_ptr<ZSTD_DCtx, DecompressorFree> context{ZSTD_createDCtx()};
      if (!context) throw std::bad_alloc();
      const auto size =
          ZSTD_decompressDCtx(context.get(), out.data(), out.size(), stored.data(), stored.size());
      if (!ZSTD_isError(size)) got = size;
      break;
    }
    default:
      return fail(Errc::corrupt, "record of an unknown codec");
  }
  if (got != out.size()) return fail(Errc::corrupt, "record does not decode to its length");
  return ok();
}

bool looks_like_text(ByteView sample) {
  sample = sample.first(std::min(sample.size(), sample_bytes));
  std::size_t odd = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const auto byte = static_cast<unsigned>(sample[i]);
    if (byte == 0) return false;
    if (byte < 0x80) {
      odd += byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' ? 1 : 0;
      continue;
    }
    const std::size_t more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    if (i + more >= sample.size()) break;  // cut by the sample's end
    bool valid = more != 0;
    for (std::size_t k = 1; k <= more; ++k)
      valid = valid && (static_cast<unsigned>(sample[i + k]) & 0xc0) == 0x80;
    if (valid)
      i += more;
    else
      ++odd;
  }
  return odd * 1000 <= sample.size() * odd_bytes_per_1000;
}

Codec choose_codec(ByteView sample) {
  sample = sample.first(std::min(sample.size(), sample_bytes));
  if (sample.empty()) return Codec::raw;
  if (looks_like_text(sample)) return Codec::zstd;
  std::array<std::byte, LZ4_COMPRESSBOUND(sample_bytes)> out;
  const auto stored =
      LZ4_compress_default(chars(sample), chars(std::span<std::byte>(out)),
                           static_cast<int>(sample.size()), static_cast<int>(out.size()));
  return stored > 0 && pays(sample.size(), static_cast<std::size_t>(stored)) ? Codec::lz4
                                                                             : Codec::raw;
}

}  // namespace waag::storage::pack
