#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/os/clock.h"
#include "storage/os/file_system.h"

namespace waag::storage {

/// The store's folder: that it is one, of a version that we know, and that no other process has it.
///
///   FORMAT   "waag store\nversion 1\nid <32 hex digits>\n"
///   LOCK     empty; held with flock while the store is open
///   journal/ packs/ index/ fills/ jobs/   see DESIGN 3
///   scratch/ bytes that are not part of the store yet; those of pushes are removed at open
class DataFolder {
 public:
  /// What the names of pushes' files in scratch/ begin with.
  static constexpr std::string_view push_prefix = "push-";

  /// Makes the folder if it is missing or empty.
  /// @return Errc::conflict if another process holds it; Errc::invalid_argument if it holds
  ///         something else than a store, or a store of an unknown version
  static Result<std::unique_ptr<DataFolder>> open(FileSystem& fs, Random& random,
                                                  const std::filesystem::path& path);

  [[nodiscard]] const std::string& store_id() const { return store_id_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path packs() const { return path_ / "packs"; }
  [[nodiscard]] std::filesystem::path scratch() const { return path_ / "scratch"; }

 private:
  DataFolder(FileSystem& fs, std::filesystem::path path) : fs_(fs), path_(std::move(path)) {}
  Status take_lock();
  Status check_format(Random& random);
  Status read_format();
  Status write_format(Random& random);
  Status make_folders();

  FileSystem& fs_;
  std::filesystem::path path_;
  std::unique_ptr<File> lock_;  // the flock lives as long as its descriptor
  std::string store_id_;
};

}  // namespace waag::storage
