#include "protocol/zstd_stream.h"

#include <array>
#include <new>

#include <zstd.h>

namespace waag {
namespace {

/// Fast, with a window of 2 MiB: the former versions of small files in a history lie within it.
constexpr int level = 3;
constexpr int window_log_max = 23;
constexpr std::size_t block_bytes = 64 * 1024;

void free_encoder(ZSTD_CCtx* context) { ZSTD_freeCCtx(context); }
void free_decoder(ZSTD_DCtx* context) { ZSTD_freeDCtx(context); }

/// What only memory can cause, with parameters that are right.
void check(std::size_t code) {
  if (ZSTD_isError(code) != 0U) throw std::bad_alloc();
}

}  // namespace

ZstdEncoder::ZstdEncoder() : context_(ZSTD_createCCtx(), free_encoder) {
  if (!context_) throw std::bad_alloc();
  check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
  check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
}

ZstdEncoder::~ZstdEncoder() = default;

void ZstdEncoder::add(ByteView input, std::string& out) { run(input, false, out); }

void ZstdEncoder::finish(std::string& out) { run({}, true, out); }

void ZstdEncoder::run(ByteView input, bool end, std::string& out) {
  std::array<char, block_bytes> block;
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  std::size_t left = 0;
  do {
    ZSTD_outBuffer made{block.data(), block.size(), 0};
    left = ZSTD_compressStream2(context_.get(), &made, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    check(left);
    out.append(block.data(), made.pos);
  } while (in.pos < in.size || (end && left > 0));
}

ZstdDecoder::ZstdDecoder() : context_(ZSTD_createDCtx(), free_decoder) {
  if (!context_) throw std::bad_alloc();
  check(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log_max));
}

ZstdDecoder::~ZstdDecoder() = default;

Result<ZstdDecoder::Step> ZstdDecoder::next(ByteView input, std::span<std::byte> output) {
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  ZSTD_outBuffer out{output.data(), output.size(), 0};
  while (true) {
    const auto before = std::pair(in.pos, out.pos);
    const auto left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left) != 0U) return fail(Errc::unprocessable, "damaged zstd frame");
    if (left == 0) return Step{in.pos, out.pos, true};
    const bool stuck = before == std::pair(in.pos, out.pos);
    if (in.pos == in.size || out.pos == out.size || stuck) return Step{in.pos, out.pos, false};
  }
}

}  // namespace waag
