#include "protocol/git/pack_entry.h"

#include <limits>

namespace waag::git {
namespace {

constexpr std::string_view magic = "PACK";
constexpr std::uint32_t version_written = 2;
/// What a copy of size 0 stands for.
constexpr std::uint32_t copy_bytes_default = 0x10000;

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("pack: ") + what); }

std::uint8_t byte_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

std::uint32_t big_endian(ByteView bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | byte_at(bytes, i);
  return value;
}

/// Reads numbers of seven bits a byte, lowest first, where the high bit says that more come.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }
  std::uint8_t next() { return byte_at(bytes_, at_++); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  ByteView take(std::size_t count) {
    const auto part = bytes_.subspan(at_, count);
    at_ += count;
    return part;
  }

  /// Adds to `value` from bit `shift` on. @return false if the bytes end before the number
  Result<bool> add_number(std::uint64_t& value, unsigned shift) {
    while (true) {
      if (at_end()) return false;
      const std::uint8_t byte = next();
      const std::uint64_t bits = byte & 0x7f;
      if (shift >= 64 || (bits << shift) >> shift != bits) return bad("number too large");
      value |= bits << shift;
      if (byte < 0x80) return true;
      shift += 7;
    }
  }

  /// Distances are written highest first, each further byte worth one more.
  Result<bool> read_distance(std::uint64_t& value) {
    if (at_end()) return false;
    std::uint8_t byte = next();
    value = byte & 0x7f;
    while (byte >= 0x80) {
      if (at_end()) return false;
      if (value >= std::numeric_limits<std::uint64_t>::max() >> 8) return bad("distance too large");
      byte = next();
      value = ((value + 1) << 7) | (byte & 0x7f);
    }
    return true;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

/// Offset and size of a copy: each byte is there only if its bit in `flags` is set.
Status read_copy(Cursor& delta, std::uint8_t flags, std::uint32_t& offset, std::uint32_t& size) {
  for (unsigned i = 0; i < 7; ++i) {
    if ((flags & (1u << i)) == 0) continue;
    if (delta.at_end()) return bad("delta is cut short");
    const std::uint32_t byte = delta.next();
    if (i < 4)
      offset |= byte << (8 * i);
    else
      size |= byte << (8 * (i - 4));
  }
  if (size == 0) size = copy_bytes_default;
  return ok();
}

}  // namespace

std::string pack_head(std::uint32_t objects) {
  std::string head(magic);
  append_big_endian(head, version_written);
  append_big_endian(head, objects);
  return head;
}

Result<std::uint32_t> parse_pack_head(ByteView bytes) {
  if (bytes.size() != pack_head_bytes || !as_text(bytes).starts_with(magic)) return bad("no head");
  const auto version = big_endian(bytes.subspan(4));
  if (version != 2 && version != 3) return bad("unknown version");
  return big_endian(bytes.subspan(8));
}

void append_entry_head(std::string& out, ObjectKind kind, std::uint64_t size_bytes) {
  auto byte = static_cast<unsigned>(kind) << 4 | static_cast<unsigned>(size_bytes & 15);
  for (size_bytes >>= 4; size_bytes > 0; size_bytes >>= 7) {
    out += static_cast<char>(byte | 0x80);
    byte = static_cast<unsigned>(size_bytes & 0x7f);
  }
  out += static_cast<char>(byte);
}

Result<std::optional<EntryHead>> parse_entry_head(ByteView bytes) {
  const std::optional<EntryHead> more;
  if (bytes.empty()) return more;
  Cursor in(bytes);
  const auto first = in.next();
  EntryHead head;
  const auto kind = (first >> 4) & 7;
  if (kind == 0 || kind == 5) return bad("unknown kind of entry");
  head.kind = static_cast<EntryKind>(kind);
  head.size_bytes = first & 15;
  if (first >= 0x80) {
    WAAG_TRY(const bool whole, in.add_number(head.size_bytes, 4));
    if (!whole) return more;
  }
  if (head.kind == EntryKind::offset_delta) {
    WAAG_TRY(const bool whole, in.read_distance(head.base_distance));
    if (!whole) return more;
    if (head.base_distance == 0) return bad("delta of itself");
  } else if (head.kind == EntryKind::id_delta) {
    if (in.left() < GitId::size_bytes) return more;
    WAAG_TRY(head.base_id, GitId::from(in.take(GitId::size_bytes)));
  }
  head.head_bytes = in.at();
  return std::optional(head);
}

Result<DeltaSizes> parse_delta_sizes(ByteView delta) {
  Cursor in(delta);
  DeltaSizes sizes;
  WAAG_TRY(const bool base, in.add_number(sizes.base_bytes, 0));
  WAAG_TRY(const bool result, in.add_number(sizes.result_bytes, 0));
  if (!base || !result) return bad("delta is cut short");
  sizes.head_bytes = in.at();
  return sizes;
}

Result<Bytes> apply_delta(ByteView base, ByteView delta, std::uint64_t result_bytes_max) {
  WAAG_TRY(const auto sizes, parse_delta_sizes(delta));
  if (sizes.base_bytes != base.size()) return bad("delta of another base");
  if (sizes.result_bytes > result_bytes_max) return bad("delta makes too large an object");
  Bytes result;
  result.reserve(static_cast<std::size_t>(sizes.result_bytes));
  Cursor in(delta.subspan(sizes.head_bytes));
  while (!in.at_end()) {
    const auto code = in.next();
    ByteView part;
    if (code >= 0x80) {
      std::uint32_t offset = 0;
      std::uint32_t size = 0;
      WAAG_CHECK(read_copy(in, code, offset, size));
      if (offset > base.size() || size > base.size() - offset)
        return bad("delta copies past its base");
      part = base.subspan(offset, size);
    } else {
      if (code == 0) return bad("unknown step of a delta");
      if (in.left() < code) return bad("delta is cut short");
      part = in.take(code);
    }
    if (part.size() > sizes.result_bytes - result.size()) return bad("delta makes too much");
    result.insert(result.end(), part.begin(), part.end());
  }
  if (result.size() != sizes.result_bytes) return bad("delta makes too little");
  return result;
}

}  // namespace waag::git
