#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "protocol/ids.h"

namespace waag::cli {

/// A file that is to be in a repo.
struct SourceFile {
  std::string path;            // in the repo
  std::filesystem::path from;  // where its bytes are
  std::uint64_t size_bytes = 0;
  /// What a Hugging Face cache calls the bytes: 40 hex digits of a git blob, or 64 of a SHA-256; ""
  /// if nothing says what they should be.
  std::string blob;
};

/// What one repo is made of.
struct Source {
  std::string type = "model";
  std::string ns, name;           // of a cache; ns may be ""
  std::string commit;             // likewise: the upstream's, for the commit's text
  std::vector<SourceFile> files;  // by path
};

/// All files below a folder, without .git and .cache; symbolic links are followed to files, not to
/// folders. @return Errc::not_found if it is no folder, Errc::invalid_argument for a name that is
/// no UTF-8
Result<Source> folder_source(const std::filesystem::path& folder);

/// The repos of a Hugging Face cache (DIR/models--ns--name/{blobs,refs,snapshots}), each as its
/// branch main, or as its only snapshot. Links that lead out of the repo's own blobs are
/// Errc::invalid_argument.
Result<std::vector<Source>> cache_sources(const std::filesystem::path& cache);

/// Errc::corrupt unless the file's bytes are what its `blob` says; ok if that is "".
Status verify_file(const SourceFile& file);
/// Of the file's bytes. Errc::unavailable if it cannot be read.
/// @param heard  how many bytes of it were just read
Result<BlobId> sha256_of(const std::filesystem::path& file,
                         const std::function<void(std::size_t bytes)>& heard = {});
Result<GitId> git_blob_of(const std::filesystem::path& file, std::uint64_t size_bytes);

}  // namespace waag::cli
