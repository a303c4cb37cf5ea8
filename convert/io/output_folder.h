#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "protocol/bytes.h"

namespace waag::convert {

/// A file being written. Calls on one file come from one thread at a time, but for write_at on
/// ranges that do not overlap.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  /// Errc::no_space if the disk is full, Errc::unavailable for any other failure; the same of all.
  virtual Status write_at(std::uint64_t offset_bytes, ByteView bytes) = 0;
  /// Reads exactly out.size() bytes.
  virtual Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Status truncate(std::uint64_t size_bytes) = 0;
  /// Returns once everything written survives a loss of power.
  virtual Status sync() = 0;
};

/// The folder that a conversion writes into; the seam where tests let the disk fail.
class OutputFolder {
 public:
  virtual ~OutputFolder() = default;
  /// Opens for reading and writing; made if it is not there, folders above it too. `name` is a
  /// relative path below the folder.
  virtual Result<std::unique_ptr<OutputFile>> open(const std::string& name) = 0;
  [[nodiscard]] virtual bool exists(const std::string& name) const = 0;
  /// Puts `from` in the place of `to`, durably.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& name) = 0;
};

/// The real one. `folder` must exist.
std::unique_ptr<OutputFolder> posix_output_folder(std::filesystem::path folder);

/// Whether `name` may be a file's path below a folder: relative, without empty parts, "." and "..".
bool is_plain_path(std::string_view name);

}  // namespace waag::convert
