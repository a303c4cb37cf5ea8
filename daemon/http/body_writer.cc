#include "daemon/http/body_writer.h"

#include <algorithm>
#include <array>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

namespace waag::daemon {
namespace {

constexpr std::size_t extent_bytes = 1u << 20;       // of each of the two buffers
constexpr std::uint64_t run_bytes_max = 8ull << 20;  // verified at once before it is sent

using Buffer = std::unique_ptr<std::byte[]>;

}  // namespace

/// One block on its way out: decoded bytes in a buffer, or a verified run of a file.
struct BodyWriter::Block {
  ByteView bytes;
  std::optional<storage::RawRun> run;
  [[nodiscard]] std::uint64_t size() const { return run ? run->bytes : bytes.size(); }
};

Task<Status> BodyWriter::write(std::string head, const Response& response, bool head_only) {
  const auto* blob = std::get_if<BlobBody>(&response.body);
  if (blob && !head_only && blob->bytes > 0) co_return co_await write_blob(std::move(head), *blob);
  const auto* stream = std::get_if<StreamBody>(&response.body);
  if (stream && !head_only) co_return co_await write_stream(std::move(head), *stream);
  const auto* text = std::get_if<std::string>(&response.body);
  const ByteView body = text && !head_only ? as_bytes(*text) : ByteView();
  head_sent_ = true;
  WAAG_CO_CHECK(co_await stream_.write(as_bytes(head), body, pace_));
  bytes_sent_ += head.size() + body.size();
  co_return ok();
}

bool BodyWriter::may_send_file(std::uint64_t bytes) const {
  if (path_ == SendPath::extents || !stream_.can_send_file()) return false;
  return path_ == SendPath::sendfile || bytes >= sendfile_bytes_min;
}

Task<Result<BodyWriter::Block>> BodyWriter::load(std::shared_ptr<storage::BlobReader> blob,
                                                 std::uint64_t offset, std::uint64_t left,
                                                 std::span<std::byte> buffer, bool try_run) {
  auto work = [blob = std::move(blob), offset, left, buffer, try_run]() -> Result<Block> {
    Block block;
    if (try_run) {
      WAAG_TRY(block.run, blob->raw_run(offset, std::min(left, run_bytes_max)));
      if (block.run && block.run->bytes > 0 && block.run->file->descriptor() >= 0) return block;
      block.run.reset();
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    WAAG_TRY(const auto got, blob->read(offset, buffer.first(wanted)));
    if (got != wanted) return fail(Errc::corrupt, "a blob is shorter than its row says");
    block.bytes = buffer.first(wanted);
    return block;
  };
  try {
    co_return co_await offload(blocking_, std::move(work));
  } catch (const std::exception& thrown) {
    co_return fail(Errc::internal, thrown.what());
  }
}

Task<Status> BodyWriter::send(const Block& block, ByteView head) {
  if (block.run) {
    if (!head.empty()) WAAG_CO_CHECK(co_await stream_.write(head, {}, pace_));
    WAAG_CO_CHECK(co_await stream_.send_file(block.run->file->descriptor(), block.run->file_offset,
                                             block.run->bytes, pace_));
  } else {
    WAAG_CO_CHECK(co_await stream_.write(head, block.bytes, pace_));
  }
  bytes_sent_ += head.size() + block.size();
  co_return ok();
}

Task<Status> BodyWriter::write_blob(std::string head, BlobBody body) {
  using namespace asio::experimental::awaitable_operators;
  const bool runs = may_send_file(body.bytes);
  const auto buffer_bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(body.bytes, extent_bytes));
  std::array<Buffer, 2> buffers;
  const auto buffer = [&](std::size_t index) {
    if (!buffers[index]) buffers[index] = std::make_unique_for_overwrite<std::byte[]>(buffer_bytes);
    return std::span(buffers[index].get(), buffer_bytes);
  };
  std::uint64_t offset = body.offset;
  std::uint64_t left = body.bytes;
  // The first block is verified before the head goes out: a blob that is bad at its start is a 500.
  WAAG_CO_TRY(Block block, co_await load(body.blob, offset, left, buffer(0), runs));
  ByteView unsent_head = as_bytes(head);
  head_sent_ = true;
  for (std::size_t turn = 1;; turn ^= 1) {
    offset += block.size();
    left -= block.size();
    if (left == 0) co_return co_await send(block, unsent_head);
    auto sending = send(block, unsent_head);
    auto loading = load(body.blob, offset, left, buffer(turn), runs);
    auto both = co_await (std::move(sending) && std::move(loading));
    auto& [sent, loaded] = both;
    if (!sent) co_return std::move(sent).error();
    if (!loaded) co_return std::move(loaded).error();
    block = *std::move(loaded);
    unsent_head = {};
  }
}

Task<Result<std::size_t>> BodyWriter::make(StreamBody body, std::span<std::byte> buffer) {
  auto work = [source = std::move(body.source), buffer] { return source->read(buffer); };
  try {
    if (body.async) co_return co_await body.async->read(buffer);
    co_return co_await offload(blocking_, std::move(work));
  } catch (const std::exception& thrown) {
    co_return fail(Errc::internal, thrown.what());
  }
}

Task<Status> BodyWriter::send_part(std::string prefix, ByteView bytes) {
  head_sent_ = true;
  WAAG_CO_CHECK(co_await stream_.write(as_bytes(prefix), bytes, pace_));
  bytes_sent_ += prefix.size() + bytes.size();
  co_return ok();
}

Task<Status> BodyWriter::write_stream(std::string head, StreamBody body) {
  using namespace asio::experimental::awaitable_operators;
  const bool chunked = body.chunked && !body.bytes;
  std::array<Buffer, 2> buffers;
  for (auto& buffer : buffers) buffer = std::make_unique_for_overwrite<std::byte[]>(extent_bytes);
  std::size_t turn = 0;
  std::uint64_t total = 0;
  WAAG_CO_TRY(auto size, co_await make(body, {buffers[0].get(), extent_bytes}));
  std::string prefix = std::move(head);
  while (size > 0) {
    total += size;
    if (body.bytes && total > *body.bytes)
      co_return fail(Errc::internal, "a body is longer than it was announced");
    if (chunked) prefix += fmt::format("{:x}\r\n", size);
    const ByteView part{buffers[turn].get(), size};
    turn ^= 1;
    auto sending = send_part(std::move(prefix), part);
    auto making = make(body, {buffers[turn].get(), extent_bytes});
    auto both = co_await (std::move(sending) && std::move(making));
    auto& [sent, made] = both;
    if (!sent) co_return std::move(sent).error();
    if (!made) co_return std::move(made).error();
    size = *made;
    prefix = chunked ? "\r\n" : "";
  }
  if (total < body.bytes.value_or(0))
    co_return fail(Errc::internal, "a body is shorter than it was announced");
  if (chunked) prefix += "0\r\n\r\n";
  if (!prefix.empty()) co_return co_await send_part(std::move(prefix), {});
  co_return ok();
}

}  // namespace waag::daemon
