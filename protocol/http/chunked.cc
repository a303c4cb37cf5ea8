#include "protocol/http/chunked.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "protocol/http/field.h"

namespace waag::http {
namespace {

constexpr std::uint64_t body_bytes_max = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t size_digits_max = 16;
/// A trailer of these names can only be an attack.
constexpr std::array<std::string_view, 3> framing_names = {"content-length", "transfer-encoding",
                                                           "host"};

Error bad(const char* what) { return fail(Errc::invalid_argument, what); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::next(ByteView input) {
  if (state_ == State::failed || state_ == State::done) return bad("chunked body is over");
  std::size_t at = 0;
  while (at < input.size()) {
    if (state_ == State::data) {
      const auto run =
          static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes_, input.size() - at));
      size_bytes_ -= run;
      if (size_bytes_ == 0) state_ = State::data_cr;
      return Step{at + run, input.subspan(at, run), false};
    }
    if (auto taken = take(static_cast<char>(input[at++])); !taken) {
      state_ = State::failed;
      return std::move(taken).error();
    }
    if (state_ == State::done) return Step{at, {}, true};
  }
  return Step{at, {}, false};
}

Status ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size_first:
    case State::size:
      return take_size(c);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return ok();
      }
      if (++extension_bytes_ > extension_bytes_max) return bad("chunk extension too long");
      return is_field_value({&c, 1}) ? ok() : Status(bad("control character in chunk extension"));
    case State::size_lf:
      return c == '\n' ? end_of_size_line() : bad("chunk size without CRLF");
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? ok() : Status(bad("chunk without CRLF"));
    case State::data_lf:
      state_ = State::size_first;
      size_digits_ = 0;
      size_bytes_ = 0;
      return c == '\n' ? ok() : Status(bad("chunk without CRLF"));
    case State::trailer:
    case State::trailer_lf:
      return take_trailer(c);
    case State::data:
    case State::done:
    case State::failed:
      break;
  }
  return bad("chunked body is over");
}

Status ChunkedDecoder::take_size(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++size_digits_ > size_digits_max) return bad("chunk size too long");
    size_bytes_ = size_bytes_ * 16 + static_cast<std::uint64_t>(digit);
    state_ = State::size;
    return ok();
  }
  if (state_ == State::size && c == '\r') {
    state_ = State::size_lf;
    return ok();
  }
  if (state_ == State::size && c == ';') {
    state_ = State::extension;
    extension_bytes_ = 0;
    return ok();
  }
  return bad("malformed chunk size");
}

Status ChunkedDecoder::end_of_size_line() {
  if (size_bytes_ > body_bytes_max - total_bytes_) return bad("chunked body too large");
  total_bytes_ += size_bytes_;
  state_ = size_bytes_ == 0 ? State::trailer : State::data;
  return ok();
}

Status ChunkedDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > trailer_bytes_max) return bad("trailers too long");
  if (state_ == State::trailer_lf) {
    state_ = State::trailer;
    return c == '\n' ? end_of_trailer_line() : bad("bare CR in trailer");
  }
  if (c == '\r') {
    state_ = State::trailer_lf;
    return ok();
  }
  trailer_line_ += c;
  return ok();
}

Status ChunkedDecoder::end_of_trailer_line() {
  if (trailer_line_.empty()) {
    state_ = State::done;
    return ok();
  }
  const auto colon = trailer_line_.find(':');
  const auto name = std::string_view(trailer_line_).substr(0, colon);
  if (colon == trailer_line_.npos || !is_token(name) ||
      !is_field_value(std::string_view(trailer_line_).substr(colon + 1)))
    return bad("malformed trailer");
  for (const auto framing : framing_names)
    if (equal_nocase(name, framing)) return bad("framing header in trailer");
  trailer_line_.clear();
  return ok();
}

}  // namespace waag::http
