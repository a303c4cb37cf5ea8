#include "daemon/http/body_reader.h"

#include <algorithm>
#include <cstring>

namespace waag::daemon {
namespace {

constexpr std::size_t chunked_buffer_bytes = 64 * 1024;
constexpr std::size_t read_all_block_bytes = 64 * 1024;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

RequestBody::RequestBody(Stream& stream, ReceiveBuffer& received, Framing framing, Pace pace)
    : stream_(stream),
      received_(received),
      framing_(framing),
      pace_(pace),
      done_(!framing.chunked && framing.content_length.value_or(0) == 0) {
  continue_due_ = framing.expect_continue && !done_;
}

std::optional<std::uint64_t> RequestBody::length() const {
  if (framing_.chunked) return std::nullopt;
  return framing_.content_length.value_or(0);
}

Task<Result<std::size_t>> RequestBody::read(std::span<std::byte> buffer) {
  if (done_ || buffer.empty()) co_return std::size_t{0};
  if (failed_) co_return fail(Errc::invalid_argument, "the request's body was cut");
  if (framing_.content_length.value_or(0) > framing_.bytes_max)
    co_return fail(Errc::too_large, "request body too large");
  auto got = co_await take(buffer);
  if (!got) {
    failed_ = true;
    co_return got;
  }
  bytes_read_ += *got;
  if (bytes_read_ > framing_.bytes_max) {
    failed_ = true;
    co_return fail(Errc::too_large, "request body too large");
  }
  co_return got;
}

Task<Result<std::size_t>> RequestBody::take(std::span<std::byte> buffer) {
  WAAG_CO_CHECK(co_await say_continue());
  if (framing_.chunked) co_return co_await read_chunked(buffer);
  co_return co_await read_fixed(buffer);
}

Task<Status> RequestBody::say_continue() {
  if (!continue_due_) co_return ok();
  continue_due_ = false;
  if (!received_.empty()) co_return ok();  // the client did not wait
  co_return co_await stream_.write(as_bytes(continue_line), {}, pace_);
}

Task<Result<std::size_t>> RequestBody::read_fixed(std::span<std::byte> buffer) {
  const std::uint64_t left = *framing_.content_length - bytes_read_;
  buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left)));
  const auto early = received_.unread().first(std::min(buffer.size(), received_.unread().size()));
  if (!early.empty()) std::memcpy(buffer.data(), early.data(), early.size());
  std::size_t filled = early.size();
  received_.consume(filled);
  if (filled < buffer.size()) {  // a full buffer saves the caller's trips to the pool
    WAAG_CO_TRY(const auto got, co_await stream_.read_full(buffer.subspan(filled), pace_));
    filled += got;
    if (filled < buffer.size())
      co_return fail(Errc::invalid_argument, "the request's body was cut");
  }
  done_ = filled == left;
  co_return filled;
}

Task<Result<std::size_t>> RequestBody::read_chunked(std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size() && !done_) {
    if (received_.empty()) {
      WAAG_CO_TRY(const auto got,
                  co_await stream_.read_some(received_.room(chunked_buffer_bytes), pace_));
      if (got == 0) co_return fail(Errc::invalid_argument, "the request's body was cut");
      received_.received(got);
    }
    const auto input = received_.unread();
    const auto space = buffer.size() - filled;
    WAAG_CO_TRY(const auto step, decoder_.next(input.first(std::min(input.size(), space))));
    if (!step.payload.empty())
      std::memcpy(buffer.data() + filled, step.payload.data(), step.payload.size());
    filled += step.payload.size();
    received_.consume(step.consumed_bytes);
    done_ = step.done;
  }
  co_return filled;
}

Task<Result<std::string>> RequestBody::read_all(std::size_t bytes_max) {
  const auto left = length().value_or(0) - std::min(length().value_or(0), bytes_read_);
  if (left > bytes_max) co_return fail(Errc::too_large, "request body too large");
  std::string text;
  text.reserve(static_cast<std::size_t>(left));
  while (!done_) {
    const auto old = text.size();
    const auto block = length() ? static_cast<std::size_t>(left) - old : read_all_block_bytes;
    text.resize(old + std::max<std::size_t>(block, 1));
    const auto room = std::as_writable_bytes(std::span(text)).subspan(old);
    WAAG_CO_TRY(const auto got, co_await read(room));
    text.resize(old + got);
    if (text.size() > bytes_max) {
      failed_ = true;
      co_return fail(Errc::too_large, "request body too large");
    }
  }
  co_return text;
}

bool RequestBody::reusable() const {
  if (failed_) return false;
  if (done_) return true;
  if (continue_due_ || framing_.chunked) return false;
  return *framing_.content_length - bytes_read_ <= drain_bytes_max;
}

Task<bool> RequestBody::drain() {
  if (done_) co_return true;
  if (!reusable()) co_return false;
  Bytes sink(static_cast<std::size_t>(*framing_.content_length - bytes_read_));
  const auto got = co_await read_fixed(sink);
  co_return got.has_value() && done_;
}

}  // namespace waag::daemon
