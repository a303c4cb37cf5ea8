#include "protocol/git/zlib_stream.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>

#include <zlib.h>

namespace waag::git {
namespace {

constexpr int gzip_bits = 16;  // added to the window's bits: a gzip head and trailer
/// Small text beside weights: the network takes longer than level 1 does.
constexpr int level = 1;
constexpr std::size_t block_bytes = 64 * 1024;

Bytef* input_of(ByteView bytes) {
  // zlib only reads it; its declaration is older than const.
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

uInt count_of(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, 1u << 30));
}

}  // namespace

Inflater::Inflater(ZlibFormat format) : stream_(std::make_unique<z_stream_s>()) {
  const int bits = MAX_WBITS + (format == ZlibFormat::gzip ? gzip_bits : 0);
  if (inflateInit2(stream_.get(), bits) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() {
  if (stream_) inflateEnd(stream_.get());
}

Inflater::Inflater(Inflater&&) noexcept = default;

Inflater& Inflater::operator=(Inflater&& other) noexcept {
  std::swap(stream_, other.stream_);
  return *this;
}

Result<Inflater::Step> Inflater::next(ByteView input, std::span<std::byte> output) {
  stream_->next_in = input_of(input);
  stream_->avail_in = count_of(input.size());
  stream_->next_out = reinterpret_cast<Bytef*>(output.data());
  stream_->avail_out = count_of(output.size());
  const auto in_before = stream_->avail_in;
  const auto out_before = stream_->avail_out;
  const int code = inflate(stream_.get(), Z_NO_FLUSH);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
    return fail(Errc::unprocessable, "damaged zlib stream");
  Step step;
  step.consumed_bytes = in_before - stream_->avail_in;
  step.produced_bytes = out_before - stream_->avail_out;
  step.done = code == Z_STREAM_END;
  return step;
}

void Inflater::reset() { inflateReset(stream_.get()); }

Deflater::Deflater() : stream_(std::make_unique<z_stream_s>()) {
  if (deflateInit(stream_.get(), level) != Z_OK) throw std::bad_alloc();
}

Deflater::~Deflater() {
  if (stream_) deflateEnd(stream_.get());
}

Deflater::Deflater(Deflater&&) noexcept = default;

Deflater& Deflater::operator=(Deflater&& other) noexcept {
  std::swap(stream_, other.stream_);
  return *this;
}

void Deflater::add(ByteView input, std::string& out) { run(input, Z_NO_FLUSH, out); }

void Deflater::finish(std::string& out) {
  run({}, Z_FINISH, out);
  deflateReset(stream_.get());
}

void Deflater::run(ByteView input, int mode, std::string& out) {
  std::array<char, block_bytes> block;
  do {
    const auto part = input.first(count_of(input.size()));
    stream_->next_in = input_of(part);
    stream_->avail_in = static_cast<uInt>(part.size());
    do {
      stream_->next_out = reinterpret_cast<Bytef*>(block.data());
      stream_->avail_out = static_cast<uInt>(block.size());
      const int code = deflate(stream_.get(), mode);
      assert(code != Z_STREAM_ERROR);
      (void)code;
      out.append(block.data(), block.size() - stream_->avail_out);
    } while (stream_->avail_out == 0);
    input = input.subspan(part.size());
  } while (!input.empty());
}

}  // namespace waag::git
