#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "storage/journal/frame.h"
#include "storage/pack/location.h"

namespace waag::storage::journal {

/// Writes one checkpoint file: all extents, then all rows in key order, then finish(). Holds one
/// frame of about 256 KiB, whatever the number of rows.
class CheckpointWriter {
 public:
  /// For create().
  CheckpointWriter(std::unique_ptr<File> file, std::uint64_t salt)
      : file_(std::move(file)), salt_(salt) {}
  /// Creates `path`.
  /// @param last_seq  the last sequence that the checkpoint holds
  static Result<std::unique_ptr<CheckpointWriter>> create(FileSystem& fs,
                                                          const std::filesystem::path& path,
                                                          std::uint64_t last_seq,
                                                          std::uint64_t salt);
  Status add_extents(const std::vector<PackExtent>& extents);
  /// Keys must ascend.
  Status add_row(std::string_view key, std::string_view value);
  /// Writes the end and syncs the file.
  Status finish();

 private:
  Status flush_rows();
  Status append(FrameType type, ByteView payload);

  std::unique_ptr<File> file_;
  std::uint64_t salt_;
  std::uint64_t end_ = file_header_bytes;
  std::uint64_t frames_ = 0;
  std::uint64_t extents_ = 0;
  std::uint64_t rows_ = 0;
  ByteWriter pending_;
};

/// Reads one checkpoint file from front to end. Any damage is Errc::corrupt.
class CheckpointReader {
 public:
  /// For open().
  CheckpointReader(std::unique_ptr<File> file, const FileHeader& header, std::uint64_t size)
      : file_(std::move(file)),
        header_(header),
        size_(size),
        scanner_(*file_, header.salt, size, file_header_bytes) {}
  static Result<std::unique_ptr<CheckpointReader>> open(FileSystem& fs,
                                                        const std::filesystem::path& path);
  [[nodiscard]] const FileHeader& header() const { return header_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_; }

  /// All extents; to be called first.
  Status read_extents(const std::function<Status(const PackExtent&)>& extent);
  /// Moves to the next row. False at the end, when the counts of the end frame have been checked.
  Result<bool> next_row();
  [[nodiscard]] std::string_view key() const { return key_; }      // valid until next_row
  [[nodiscard]] std::string_view value() const { return value_; }  // likewise

 private:
  Status next_frame();
  Status check_end();

  std::unique_ptr<File> file_;
  FileHeader header_;
  std::uint64_t size_;
  FrameScanner scanner_;
  std::uint64_t frames_ = 0;
  std::uint64_t extents_ = 0;
  std::uint64_t rows_ = 0;
  ByteReader rest_{ByteView{}};  // of the current frame of rows
  std::string_view key_;
  std::string_view value_;
  std::string last_key_;
  bool ended_ = false;
};

}  // namespace waag::storage::journal
