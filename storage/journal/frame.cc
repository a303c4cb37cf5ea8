#include "storage/journal/frame.h"

#include <algorithm>

#include "protocol/hash.h"

namespace waag::storage::journal {
namespace {

constexpr std::string_view magic = "WAAGJRNL";
constexpr std::uint32_t format_version = 1;
constexpr std::uint64_t window_bytes = 256 * 1024;
constexpr std::size_t crc_end =
    8;  // length and crc: what lies before the part that crc covers whole

std::uint32_t frame_crc(std::uint64_t salt, std::uint64_t offset, ByteView length, ByteView rest) {
  ByteWriter place;
  place.fixed(salt);
  place.fixed(offset);
  return crc32c(rest, crc32c(length, crc32c(place.bytes())));
}

}  // namespace

Bytes encode(const FileHeader& header) {
  ByteWriter out;
  out.raw(as_bytes(magic));
  out.fixed(format_version);
  out.fixed(static_cast<std::uint32_t>(header.kind));
  out.fixed(header.first_seq);
  out.fixed(header.salt);
  out.fixed(std::uint32_t{0});
  out.fixed(crc32c(out.bytes()));
  return out.take();
}

Result<FileHeader> decode_file_header(ByteView bytes, FileKind expected) {
  if (bytes.size() < file_header_bytes) return fail(Errc::corrupt, "journal file without header");
  ByteReader in(bytes.first(file_header_bytes));
  const auto found_magic = as_text(in.raw(magic.size()));
  const auto version = in.fixed<std::uint32_t>();
  FileHeader header;
  header.kind = FileKind{in.fixed<std::uint32_t>()};
  header.first_seq = in.fixed<std::uint64_t>();
  header.salt = in.fixed<std::uint64_t>();
  in.fixed<std::uint32_t>();
  const auto crc = in.fixed<std::uint32_t>();
  const auto covered = bytes.first(file_header_bytes - sizeof(crc));
  if (found_magic != magic || crc != crc32c(covered))
    return fail(Errc::corrupt, "journal file with a damaged header");
  if (version != format_version)
    return fail(Errc::unprocessable, "journal format " + std::to_string(version) + " is not known");
  if (header.kind != expected) return fail(Errc::corrupt, "journal file of another kind");
  return header;
}

void append_frame(Bytes& out, const FrameAt& at, FrameType type, ByteView payload) {
  const auto begin = out.size();
  ByteWriter head;
  head.fixed(static_cast<std::uint32_t>(payload.size()));
  head.fixed(std::uint32_t{0});
  head.fixed(at.seq);
  head.fixed(at.durable_seq);
  head.fixed(static_cast<std::uint8_t>(type));
  out.insert(out.end(), head.bytes().begin(), head.bytes().end());
  out.insert(out.end(), payload.begin(), payload.end());
  const auto frame = ByteView(out).subspan(begin);
  ByteWriter crc;
  crc.fixed(frame_crc(at.salt, at.offset, frame.first(4), frame.subspan(crc_end)));
  std::copy(crc.bytes().begin(), crc.bytes().end(),
            out.begin() + static_cast<std::ptrdiff_t>(begin + 4));
}

Result<ByteView> FrameScanner::window(std::uint64_t offset, std::uint64_t count) {
  const bool held = offset >= window_offset_ && offset + count <= window_offset_ + window_.size();
  if (!held) {
    const auto wanted = std::min(std::max(count, window_bytes), size_ - offset);
    window_.resize(wanted);
    window_offset_ = offset;
    WAAG_TRY(const auto got, file_.read(offset, window_));
    if (got != wanted) return fail(Errc::unavailable, "journal file shrank while it was read");
  }
  return ByteView(window_).subspan(offset - window_offset_, count);
}

Result<FrameScanner::Outcome> FrameScanner::read_at(std::uint64_t offset) {
  if (size_ - offset < frame_header_bytes) return Outcome::bad;
  WAAG_TRY(const auto head, window(offset, frame_header_bytes));
  ByteReader in(head);
  const auto length = in.fixed<std::uint32_t>();
  const auto crc = in.fixed<std::uint32_t>();
  Frame frame;
  frame.offset = offset;
  frame.seq = in.fixed<std::uint64_t>();
  frame.durable_seq = in.fixed<std::uint64_t>();
  frame.type = FrameType{in.fixed<std::uint8_t>()};
  if (length > frame_payload_bytes_max || size_ - frame.payload_offset() < length)
    return Outcome::bad;
  WAAG_TRY(const auto whole, window(offset, frame_header_bytes + length));
  if (frame_crc(salt_, offset, whole.first(4), whole.subspan(crc_end)) != crc) return Outcome::bad;
  frame.payload = whole.subspan(frame_header_bytes);
  frame_ = frame;
  return Outcome::frame;
}

Result<FrameScanner::Outcome> FrameScanner::next() {
  if (next_ == size_) return Outcome::end;
  WAAG_TRY(const auto outcome, read_at(next_));
  if (outcome == Outcome::frame) next_ = frame_.end();
  return outcome;
}

Result<bool> FrameScanner::proves_durable(std::uint64_t seq) {
  for (auto offset = next_ + 1; offset < size_ && size_ - offset >= frame_header_bytes; ++offset) {
    WAAG_TRY(const auto head, window(offset, frame_header_bytes));
    ByteReader in(head.subspan(crc_end));
    const auto frame_seq = in.fixed<std::uint64_t>();
    const auto durable_seq = in.fixed<std::uint64_t>();
    if (frame_seq <= seq || durable_seq < seq || durable_seq >= frame_seq) continue;
    WAAG_TRY(const auto outcome, read_at(offset));
    if (outcome == Outcome::frame) return true;
  }
  return false;
}

}  // namespace waag::storage::journal
