#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "protocol/result.h"

/// Small files with secrets: readable by the owner only from their first byte on, whole or absent.
namespace waag::daemon {

enum class Readers : std::uint8_t {
  any,         // of whatever mode somebody has given the file since
  owner_only,  // group and others have no right to it
};

/// @return nullopt if there is no such file; Errc::invalid_argument beyond 4096 bytes;
///         Errc::corrupt if it is open to others than `readers` allows
Result<std::optional<std::string>> read_secret_file(const std::filesystem::path& path,
                                                    Readers readers = Readers::any);

/// Writes a new file of mode 0600 (O_EXCL under another name, fsync, link, fsync of the folder).
/// @return Errc::conflict if `path` exists
Status write_secret_file(const std::filesystem::path& path, const std::string& content);

}  // namespace waag::daemon
