#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

/// POST /api/{R}/{id}/preupload/{rev}: which files of an upload go as LFS (HUB_API 5.3).
namespace waag::hub {

/// Rows in one call; clients send up to 256.
inline constexpr std::size_t preupload_files_max = 1000;
/// A regular file may not be larger (HUB_API 2.7).
inline constexpr std::uint64_t regular_file_bytes_max = 10'000'000;

struct PreuploadFile {
  std::string path;    // checked
  std::string sample;  // decoded, the first up to 512 bytes
  std::uint64_t size_bytes = 0;
};

struct PreuploadRequest {
  std::vector<PreuploadFile> files;
  std::optional<std::string> git_attributes;  // instead of the revision's own
  std::optional<std::string> git_ignore;
};

/// @return Errc::invalid_argument, Errc::too_large, or Errc::unprocessable for a path that may not
/// be
Result<PreuploadRequest> parse_preupload(std::string_view body);

enum class UploadMode : std::uint8_t { regular, lfs };

struct PreuploadRow {
  std::string path;
  UploadMode mode{UploadMode::regular};
  bool should_ignore = false;
  /// Of what stands at the path now: git blob id (regular) or SHA-256 (LFS), hex. The caller fills
  /// it.
  std::optional<std::string> oid;
};

/// Decides each row: the attributes' filter=lfs, then the size, then whether the sample is binary.
/// @param attributes  the revision's .gitattributes, "" if none; the request's own wins
/// @param ignore      the revision's .gitignore
/// @return Errc::invalid_argument if the rules are too large or too costly to match
Result<std::vector<PreuploadRow>> plan_preupload(const PreuploadRequest& request,
                                                 std::string_view attributes,
                                                 std::string_view ignore);

/// True if text: no NUL and UTF-8, where a character cut by the end of a sample counts as text.
bool is_text_sample(std::string_view sample, std::uint64_t size_bytes);

/// {"files":[…],"commitOid":…}
std::string preupload_reply(const std::vector<PreuploadRow>& rows, std::string_view commit_oid);

}  // namespace waag::hub
