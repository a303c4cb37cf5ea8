#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "protocol/result.h"

/// Small files with secrets: readable by the owner only from their first byte on, whole or absent.
namespace waag::daemon {

/// @return nullopt if there is no such file; Errc::invalid_argument beyond 4096 bytes
Result<std::optional<std::string>> read_secret_file(const std::filesystem::path& path);

/// Writes a new file of mode 0600 (O_EXCL under another name, fsync, link, fsync of the folder).
/// @return Errc::conflict if `path` exists
Status write_secret_file(const std::filesystem::path& path, const std::string& content);

}  // namespace waag::daemon
