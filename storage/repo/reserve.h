#pragma once

#include <filesystem>

#include "storage/ingest.h"
#include "storage/os/file_system.h"

namespace waag::storage {

/// Free space that writes must leave: a full disk would stop the journal, and with it the deletes
/// that could make room. Thread-safe.
class Reserve {
 public:
  Reserve(FileSystem& fs, std::filesystem::path data, std::uint64_t bytes)
      : fs_(fs), data_(std::move(data)), bytes_(bytes) {}

  /// Errc::no_space below the reserve.
  [[nodiscard]] Status check() const;
  [[nodiscard]] Result<std::uint64_t> free_bytes() const { return fs_.free_bytes(data_); }

 private:
  FileSystem& fs_;
  std::filesystem::path data_;
  std::uint64_t bytes_;
};

/// Checks the reserve again and again while bytes come in: one upload may be larger than all that
/// was free when it began. `reserve` must outlive the result.
std::unique_ptr<Ingest> guard_ingest(const Reserve& reserve, std::unique_ptr<Ingest> inner);

}  // namespace waag::storage
