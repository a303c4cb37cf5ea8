#include "protocol/lfs/pointer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace waag::lfs {
namespace {

constexpr std::string_view version_now = "https://git-lfs.github.com/spec/v1";
/// Older names of the same format. Source: git-lfs, lfs/pointer.go.
constexpr std::array<std::string_view, 3> versions{version_now, "https://hawser.github.com/spec/v1",
                                                   "http://git-media.io/v/2"};
constexpr std::string_view oid_prefix = "sha256:";

Error no_pointer(const char* why) {
  return fail(Errc::unprocessable, std::string("LFS pointer: ") + why);
}

/// The value of the next line, which must have this key.
std::optional<std::string_view> take(std::string_view& rest, std::string_view key) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto line = rest.substr(0, end);
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ')
    return std::nullopt;
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line.substr(key.size() + 1);
}

Result<BlobId> parse_oid(std::string_view text) {
  if (!text.starts_with(oid_prefix)) return no_pointer("oid is not SHA-256");
  text.remove_prefix(oid_prefix.size());
  if (text.find_first_of("ABCDEF") != text.npos) return no_pointer("oid in upper case");
  auto oid = BlobId::parse(text);
  if (!oid) return no_pointer("oid is not 64 hex digits");
  return oid;
}

}  // namespace

Result<LfsPointer> parse_pointer(ByteView file) {
  if (file.size() >= pointer_bytes_limit) return no_pointer("too large");
  std::string_view rest = as_text(file);
  const auto version = take(rest, "version");
  if (!version || std::ranges::find(versions, *version) == versions.end())
    return no_pointer("no known version");
  while (rest.starts_with("ext-")) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.find(" sha256:") == line.npos || line.size() == rest.size())
      return no_pointer("bad extension");
    rest.remove_prefix(line.size() + 1);
  }
  const auto oid = take(rest, "oid");
  if (!oid) return no_pointer("no oid");
  LfsPointer pointer;
  WAAG_TRY(pointer.oid, parse_oid(*oid));
  const auto size = take(rest, "size");
  if (!size || !rest.empty()) return no_pointer("size is not the last line");
  const auto end = size->data() + size->size();
  const auto parsed = std::from_chars(size->data(), end, pointer.size_bytes);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return no_pointer("size is not a number");
  // Clients hold it in a signed 64-bit integer.
  if (pointer.size_bytes > std::numeric_limits<std::int64_t>::max()) return no_pointer("size");
  return pointer;
}

std::string serialize_pointer(const LfsPointer& pointer) {
  std::string text = "version ";
  text += version_now;
  text += "\noid ";
  text += oid_prefix;
  text += pointer.oid.hex();
  text += "\nsize ";
  text += std::to_string(pointer.size_bytes);
  text += '\n';
  return text;
}

std::size_t pointer_bytes(std::uint64_t size_bytes) {
  return serialize_pointer({BlobId{}, size_bytes}).size();
}

}  // namespace waag::lfs
