#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "protocol/git/object.h"
#include "tests/support/temp_folder.h"

namespace waag::cli::testing {

/// A folder of the test's own, and in it repos as a Hugging Face cache keeps them.
struct CacheFixture {
  void write(const std::string& path, const std::string& content) const {
    const auto file = folder.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  /// Weight files are LFS files there.
  static std::string blob_name(const std::string& path, const std::string& content) {
    if (path.ends_with(".safetensors")) return sha256(as_bytes(content)).hex();
    return git::blob_id(as_bytes(content)).hex();
  }
  void cached(const std::string& repo, const std::map<std::string, std::string>& files) const {
    write(repo + "/refs/main", commit);
    for (const auto& [path, content] : files) {
      const auto blob = repo + "/blobs/" + blob_name(path, content);
      write(blob, content);
      const auto link = folder.path() / repo / "snapshots" / commit / path;
      std::filesystem::create_directories(link.parent_path());
      const auto target = std::filesystem::relative(folder.path() / blob, link.parent_path());
      std::filesystem::create_symlink(target, link);
    }
  }

  waag::testing::TempFolder folder;
  const std::string commit = std::string(40, 'a');
};

}  // namespace waag::cli::testing
