#include "protocol/git/stream/raw_reader.h"

#include <algorithm>

namespace waag::git {
namespace {

constexpr std::size_t block_bytes = 128 * 1024;
constexpr std::size_t start_bytes = raw_magic.size() + raw_count_bytes;
constexpr std::size_t object_bytes = GitId::size_bytes + raw_size_bytes;

Error bad(const std::string& what) { return fail(Errc::upstream_failed, "raw objects: " + what); }

}  // namespace

Status RawReader::feed(ByteView bytes) {
  if (!failed_) {
    const auto status = decode(bytes);
    if (!status) failed_ = status.error();
  }
  return failed_ ? Status(*failed_) : ok();
}

Status RawReader::finish() {
  if (failed_) return *failed_;
  if (!frame_ended_) return bad("they are cut short");
  return ok();
}

Status RawReader::decode(ByteView bytes) {
  block_.resize(block_bytes);
  // Also after the last byte: the decoder may hold what did not fit into the block.
  for (bool more = !bytes.empty(); more;) {
    if (frame_ended_) return bad("bytes after their end");
    const auto step = decoder_.next(bytes, block_);
    if (!step) return bad(step.error().what);
    bytes = bytes.subspan(step->consumed_bytes);
    frame_ended_ = step->done;
    WAAG_CHECK(take_part(ByteView(block_).first(step->produced_bytes)));
    if (frame_ended_ && state_ != State::over) return bad("they end too early");
    more = !bytes.empty() || (!frame_ended_ && step->produced_bytes == block_.size());
  }
  return ok();
}

/// Hands on what the writer makes of decoded bytes.
Status RawReader::take_part(ByteView bytes) {
  while (!bytes.empty()) {
    WAAG_TRY(const auto taken, step(bytes));
    bytes = bytes.subspan(taken);
  }
  if (made_.empty()) return ok();
  const auto status = take_(as_bytes(made_));
  made_.clear();
  return status;
}

/// @return how many bytes were taken
Result<std::size_t> RawReader::step(ByteView bytes) {
  Result<std::size_t> taken = std::size_t{0};
  switch (state_) {
    case State::start:
      taken = collect(bytes, start_bytes);
      if (held_.size() == start_bytes) WAAG_CHECK(begin());
      return taken;
    case State::kind:
      taken = collect(bytes, 1);
      WAAG_CHECK(begin_kind());
      return taken;
    case State::object:
      taken = collect(bytes, object_bytes);
      if (held_.size() == object_bytes) WAAG_CHECK(begin_object());
      return taken;
    case State::body:
      taken = take_body(bytes);
      if (left_bytes_ == 0) WAAG_CHECK(end_object());
      return taken;
    case State::end:
      taken = collect(bytes, raw_count_bytes);
      if (held_.size() == raw_count_bytes) WAAG_CHECK(end());
      return taken;
    case State::over:
      break;
  }
  return bad("bytes after the last object");
}

Result<std::size_t> RawReader::collect(ByteView bytes, std::size_t wanted) {
  const auto part = std::min(bytes.size(), wanted - held_.size());
  held_ += as_text(bytes.first(part));
  return part;
}

Status RawReader::begin() {
  if (!held_.starts_with(raw_magic)) return bad("they are something else");
  ByteReader text(as_bytes(held_).subspan(raw_magic.size()));
  expected_ = text.fixed<std::uint32_t>();
  held_.clear();
  writer_.begin(expected_, made_);
  state_ = State::kind;
  return ok();
}

Status RawReader::begin_kind() {
  const auto kind = static_cast<unsigned char>(held_.front());
  held_.clear();
  if (kind > static_cast<unsigned char>(ObjectKind::tag)) return bad("unknown kind of object");
  object_.kind = static_cast<ObjectKind>(kind);
  state_ = kind == 0 ? State::end : State::object;
  if (kind != 0 && seen_ == expected_) return bad("more objects than announced");
  return ok();
}

Status RawReader::begin_object() {
  ByteReader text(as_bytes(held_));
  WAAG_TRY(object_.id, GitId::from(text.raw(GitId::size_bytes)));
  object_.size_bytes = text.fixed<std::uint64_t>();
  held_.clear();
  left_bytes_ = object_.size_bytes;
  hash_ = object_hasher(object_.kind, object_.size_bytes);
  writer_.head(object_, made_);
  state_ = State::body;
  return left_bytes_ == 0 ? end_object() : ok();
}

std::size_t RawReader::take_body(ByteView bytes) {
  const auto part =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_bytes_)));
  hash_.update(part);
  writer_.body(part, made_);
  left_bytes_ -= part.size();
  return part.size();
}

Status RawReader::end_object() {
  if (hash_.finish() != object_.id)
    return bad(std::string(to_string(object_.kind)) + " " + object_.id.hex() +
               " has other bytes than its id says");
  writer_.end_object(made_);
  ++seen_;
  state_ = State::kind;
  return ok();
}

Status RawReader::end() {
  ByteReader text(as_bytes(held_));
  if (text.fixed<std::uint32_t>() != expected_ || seen_ != expected_)
    return bad("fewer objects than announced");
  held_.clear();
  writer_.end(made_);
  state_ = State::over;
  return ok();
}

}  // namespace waag::git
