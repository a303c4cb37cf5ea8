#pragma once

#include <memory>
#include <string>
#include <vector>

#include "convert/io/output_folder.h"
#include "protocol/hash.h"

namespace waag::convert {

/// Data between two durable marks. A tensor of a large model is about as big.
inline constexpr std::uint64_t mark_bytes = 64 << 20;

/// A file written front to back, which a later process goes on with where this one was killed.
///
/// It grows as `<name>.part`; `<name>.progress` says which plan it belongs to and, at marks, how
/// far it is durable, with a CRC-32C of the bytes since the mark before. Opening reads these bytes
/// back and goes on behind the last mark whose bytes are what they were.
class ResumableFile {
 public:
  /// @param plan  identity of all that will be written: of another one, nothing is taken over
  /// @param size_bytes  of the whole file
  /// @param every_bytes  how far durable marks are apart, at least
  static Result<ResumableFile> open(OutputFolder& folder, std::string name, const BlobId& plan,
                                    std::uint64_t size_bytes,
                                    std::uint64_t every_bytes = mark_bytes);

  /// What is there already.
  [[nodiscard]] std::uint64_t done_bytes() const { return done_bytes_; }

  Status append(ByteView bytes);
  /// A later process may begin here. Durable only every `every_bytes`: what lies between is done
  /// again.
  Status mark();
  /// Makes the file durable and puts it in its place. Its progress stays until forget(), so that a
  /// job of several files does none twice.
  /// @return its SHA-256; Errc::internal if it has not the size it was opened with
  Result<BlobId> finish();
  static Status forget(OutputFolder& folder, const std::vector<std::string>& names);

 private:
  ResumableFile(OutputFolder& folder, std::string name, std::uint64_t size_bytes,
                std::uint64_t every_bytes)
      : folder_(&folder),
        name_(std::move(name)),
        size_bytes_(size_bytes),
        every_bytes_(every_bytes) {}
  Status start(const BlobId& plan);
  Result<bool> take_over(const std::string& file, const BlobId& plan);
  Result<bool> take_over_to(std::uint64_t end_bytes, std::uint32_t crc);
  Status write_mark();

  OutputFolder* folder_;
  std::string name_;
  std::uint64_t size_bytes_;
  std::uint64_t every_bytes_;
  std::unique_ptr<OutputFile> file_;
  std::unique_ptr<OutputFile> progress_;
  std::uint64_t progress_bytes_ = 0;
  Sha256 sha256_;
  std::uint32_t crc_ = 0;  // of the bytes since the last mark
  std::uint64_t done_bytes_ = 0;
  std::uint64_t marked_bytes_ = 0;
  bool is_placed_ = false;
};

}  // namespace waag::convert
