#include "protocol/git/client/fetch_reply.h"

#include <algorithm>
#include <utility>

#include "protocol/git/client/ref_advertisement.h"
#include "protocol/git/fetch_request.h"

namespace waag::git {
namespace {

/// Longest line before the pack, and what is kept of an error.
constexpr std::size_t text_bytes_max = 1000;

Error bad(const std::string& what) {
  return fail(Errc::upstream_failed, "reply of git-upload-pack: " + what);
}

bool is_ack(std::string_view line) {
  constexpr std::string_view word = "ACK ";
  constexpr auto digits = 2 * GitId::size_bytes;
  if (!line.starts_with(word) || !GitId::parse(line.substr(word.size(), digits))) return false;
  const auto status = line.substr(word.size() + digits);
  return status.empty() || status == " common" || status == " ready" || status == " continue";
}

}  // namespace

Status FetchReply::feed(ByteView bytes) {
  while (!bytes.empty()) {
    if (failed_) return *failed_;
    const auto taken = step(bytes);
    if (!taken) {
      failed_ = taken.error();
      return *failed_;
    }
    bytes = bytes.subspan(*taken);
  }
  return ok();
}

Status FetchReply::finish() {
  if (failed_) return *failed_;
  if (!ended_) return bad("it is cut short");
  return ok();
}

/// @return how many bytes were taken
Result<std::size_t> FetchReply::step(ByteView bytes) {
  if (ended_) return bad("bytes after its end");
  if (payload_bytes_ == 0) return take_head(bytes);
  if (kind_ == Kind::unknown) return take_kind(bytes);
  return take_payload(bytes);
}

Result<std::size_t> FetchReply::take_head(ByteView bytes) {
  const auto part = std::min(bytes.size(), pkt_head_bytes - head_.size());
  head_ += as_text(bytes.first(part));
  if (head_.size() < pkt_head_bytes) return part;
  const auto size = pkt_bytes(head_);
  if (!size || !*size) return bad("malformed packet");
  if (head_ == pkt_flush) {
    if (!in_bands_) return bad("it brings no pack");
    ended_ = true;
  } else if (**size == pkt_head_bytes) {
    return bad("a packet of nothing, or a mark");
  }
  payload_bytes_ = **size - pkt_head_bytes;
  head_.clear();
  return part;
}

Result<std::size_t> FetchReply::take_kind(ByteView bytes) {
  const auto byte = std::to_integer<unsigned char>(bytes[0]);
  text_.clear();
  if (byte < 1 || byte > 3) {
    if (in_bands_) return bad("a packet of no band");
    kind_ = Kind::line;
    return std::size_t{0};
  }
  in_bands_ = true;
  kind_ = static_cast<Kind>(byte);
  if (--payload_bytes_ == 0) WAAG_CHECK(end_packet());  // says: still at work
  return std::size_t{1};
}

Result<std::size_t> FetchReply::take_payload(ByteView bytes) {
  const auto part = bytes.first(std::min(bytes.size(), payload_bytes_));
  if (kind_ == Kind::pack) WAAG_CHECK(pack_(part));
  if (kind_ == Kind::fatal || kind_ == Kind::line)
    text_ += as_text(part.first(std::min(part.size(), text_bytes_max - text_.size())));
  payload_bytes_ -= part.size();
  if (payload_bytes_ == 0) WAAG_CHECK(end_packet());
  return part.size();
}

Status FetchReply::end_packet() {
  const auto kind = std::exchange(kind_, Kind::unknown);
  if (kind == Kind::fatal) return bad("the server says: " + server_text(text_));
  if (kind == Kind::line) return take_line(Pkt{PktKind::data, text_}.line());
  return ok();
}

Status FetchReply::take_line(std::string_view line) {
  if (line.starts_with("ERR ")) return bad("the server says: " + server_text(line.substr(4)));
  if (line != "NAK" && !is_ack(line)) return bad("unknown line");
  if (++lines_ > fetch_ids_max) return bad("too many lines");
  return ok();
}

}  // namespace waag::git
