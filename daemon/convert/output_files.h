#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "daemon/convert/converter_events.h"
#include "protocol/bytes.h"

namespace waag::daemon {

/// A file that the converter made, opened so that it is none of our own: the converter reads what
/// strangers made, and may be theirs by now. Move-only.
class OutputFile {
 public:
  /// @param path  below `folder`, as check_file_path() lets it in. No link is followed on the way.
  /// @return Errc::unprocessable if it is not there, or is no regular file with this one name
  static Result<OutputFile> open(const std::filesystem::path& folder, std::string_view path);
  OutputFile() = default;
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  /// All of out.size() bytes at `offset`. Errc::unavailable, or unprocessable if it has become
  /// shorter.
  Status read(std::uint64_t offset, std::span<std::byte> out) const;
  /// Hands over all of it, block by block.
  Status read_all(const std::function<Status(ByteView)>& take) const;

 private:
  OutputFile(int fd, std::uint64_t size_bytes) : fd_(fd), size_bytes_(size_bytes) {}
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
};

/// Whether the file is what the converter said, as far as its front shows: the size, and of a
/// *.gguf or *.safetensors a header that our own parsers take. Errc::unprocessable says what is
/// wrong. Its hash is checked when it is stored.
Status check_output(const OutputFile& file, const ConverterFile& said);

}  // namespace waag::daemon
