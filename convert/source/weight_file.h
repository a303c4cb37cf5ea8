#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "protocol/bytes.h"

namespace waag::convert {

/// A file of a model folder, opened once and read at offsets. Reading is thread-safe.
class WeightFile {
 public:
  /// @param folder  the model's; a link inside it may be followed, but not out of it
  /// @param name  plain base name
  /// @return Errc::not_found if there is none; Errc::unprocessable if it is no regular file or lies
  /// outside of the folder
  static Result<std::shared_ptr<const WeightFile>> open(const std::filesystem::path& folder,
                                                        const std::string& name);
  ~WeightFile();
  WeightFile(const WeightFile&) = delete;
  WeightFile& operator=(const WeightFile&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  /// Fills `out` with the bytes from `offset_bytes` on.
  /// @return Errc::unprocessable, naming the file, if it ends before
  Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const;

 private:
  WeightFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

  int descriptor_;
  std::string name_;
  std::uint64_t size_bytes_ = 0;
};

/// Whether `name` is a plain base name: no folder, not "." or "..", no control characters.
bool is_base_name(std::string_view name);

/// The whole of a small text file of the folder.
/// @return as WeightFile::open; Errc::unprocessable if it is larger than `bytes_max`
Result<std::string> read_small_file(const std::filesystem::path& folder, const std::string& name,
                                    std::uint64_t bytes_max);

}  // namespace waag::convert
