#include "protocol/git/pkt_line.h"

#include <cassert>
#include <charconv>

namespace waag::git {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

void append_head(std::string& out, std::size_t bytes) {
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(bytes >> shift) & 15];
}

}  // namespace

Result<std::optional<std::size_t>> pkt_bytes(std::string_view text) {
  if (text.size() < pkt_head_bytes) return std::optional<std::size_t>{};
  std::size_t bytes = 0;
  const auto* end = text.data() + pkt_head_bytes;
  const auto [stop, error] = std::from_chars(text.data(), end, bytes, 16);
  const bool mark = bytes < 3;
  if (error != std::errc{} || stop != end || bytes == 3 ||
      bytes > pkt_head_bytes + pkt_payload_bytes_max)
    return fail(Errc::invalid_argument, "malformed packet line");
  return std::optional(mark ? pkt_head_bytes : bytes);
}

Result<std::optional<Pkt>> PktReader::next() {
  if (rest_.empty()) return std::optional<Pkt>{};
  WAAG_TRY(const auto bytes, pkt_bytes(rest_));
  if (!bytes || *bytes > rest_.size())
    return fail(Errc::invalid_argument, "packet line is cut short");
  Pkt pkt;
  if (rest_.starts_with(pkt_flush)) {
    pkt.kind = PktKind::flush;
  } else if (rest_.starts_with(pkt_delimiter)) {
    pkt.kind = PktKind::delimiter;
  } else if (rest_.starts_with("0002")) {
    pkt.kind = PktKind::response_end;
  } else {
    pkt.payload = rest_.substr(pkt_head_bytes, *bytes - pkt_head_bytes);
  }
  rest_.remove_prefix(*bytes);
  return std::optional(pkt);
}

void append_pkt(std::string& out, std::string_view payload) {
  assert(payload.size() <= pkt_payload_bytes_max);
  append_head(out, pkt_head_bytes + payload.size());
  out += payload;
}

void append_side_band(std::string& out, SideBand band, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, side_band_bytes_max);
    append_head(out, pkt_head_bytes + 1 + part.size());
    out += static_cast<char>(band);
    out += part;
    bytes.remove_prefix(part.size());
  }
}

}  // namespace waag::git
