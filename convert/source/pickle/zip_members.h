#pragma once

#include <map>
#include <string>

#include "convert/source/weight_file.h"

namespace waag::convert {

/// A member of a zip archive: its bytes stand in the file as they are.
struct ZipMember {
  std::uint64_t begin = 0;  // offset in the file of its first byte
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32 = 0;
};

/// By full name.
using ZipMembers = std::map<std::string, ZipMember, std::less<>>;

/// Lists an archive as PyTorch writes it: one disk, members stored (not compressed) without gaps
/// between them, local headers that say what the central directory says, ZIP64 or not, no comment.
/// What any other tool could read otherwise is refused: another order of headers, hidden bytes, a
/// second directory.
/// @return Errc::unprocessable, naming the file and the rule
/// Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
Result<ZipMembers> list_zip(const WeightFile& file);

}  // namespace waag::convert
