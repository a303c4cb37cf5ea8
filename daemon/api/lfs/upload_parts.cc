#include "daemon/api/lfs/upload_parts.h"

#include <charconv>
#include <fstream>
#include <vector>

#include "protocol/hash.h"
#include "protocol/lfs/batch.h"

namespace waag::daemon::upload_parts {
namespace {

constexpr std::size_t read_bytes = 1u << 20;
constexpr std::string_view part_prefix = "part-";
constexpr std::string_view mark = "part";
constexpr std::size_t trailer_bytes = sizeof(trailer(0));

std::optional<std::uint32_t> number_of(std::string_view name) {
  if (!name.starts_with(part_prefix)) return std::nullopt;
  name.remove_prefix(part_prefix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc{} && end == name.data() + name.size();
  if (!whole || number == 0 || number > lfs::part_count_max) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> crc_in_trailer(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() < static_cast<std::streamoff>(trailer_bytes)) return std::nullopt;
  std::array<char, trailer_bytes> tail{};
  file.seekg(-static_cast<std::streamoff>(tail.size()), std::ios::end);
  file.read(tail.data(), tail.size());
  if (!file || std::string_view(tail.data(), mark.size()) != mark) return std::nullopt;
  ByteReader in(std::as_bytes(std::span(tail)).subspan(mark.size()));
  return in.fixed<std::uint32_t>();
}

}  // namespace

std::filesystem::path path_of(const std::filesystem::path& folder, std::uint32_t number) {
  return folder / (std::string(part_prefix) + std::to_string(number));
}

std::array<std::byte, 8> trailer(std::uint32_t crc) {
  ByteWriter out;
  out.raw(as_bytes(mark));
  out.fixed(crc);
  std::array<std::byte, 8> bytes{};
  std::ranges::copy(out.bytes(), bytes.begin());
  return bytes;
}

std::map<std::uint32_t, std::uint32_t> find(const std::filesystem::path& folder) {
  std::map<std::uint32_t, std::uint32_t> found;
  std::vector<std::filesystem::path> strays;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder, ignored)) {
    const auto number = number_of(file.path().filename().string());
    const auto crc = number ? crc_in_trailer(file.path()) : std::nullopt;
    if (crc)
      found[*number] = *crc;
    else
      strays.push_back(file.path());
  }
  for (const auto& stray : strays) std::filesystem::remove_all(stray, ignored);
  return found;
}

Result<std::uint32_t> read(const std::filesystem::path& folder, std::uint32_t number,
                           const std::function<Status(ByteView)>& take) {
  std::ifstream file(path_of(folder, number), std::ios::binary | std::ios::ate);
  if (!file) return fail(Errc::internal, "cannot open a part");
  const auto size = static_cast<std::uint64_t>(file.tellg());
  if (size < trailer_bytes) return fail(Errc::internal, "a part's file is cut");
  file.seekg(0);
  std::vector<std::byte> buffer(std::min<std::uint64_t>(size, read_bytes));
  std::uint32_t crc = 0;
  for (auto left = size - trailer_bytes; left > 0;) {
    const auto piece = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(left, read_bytes)));
    file.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    if (!file) return fail(Errc::internal, "cannot read a part");
    crc = crc32c(piece, crc);
    WAAG_CHECK(take(piece));
    left -= piece.size();
  }
  return crc;
}

}  // namespace waag::daemon::upload_parts
