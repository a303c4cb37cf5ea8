#include "cli/import/source.h"

#include <algorithm>
#include <fstream>
#include <functional>

#include "protocol/git/object.h"
#include "protocol/hash.h"
#include "protocol/utf8.h"

namespace waag::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = 1u << 20;
constexpr std::size_t ref_bytes_max = 256;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Calls `take` with all bytes of the file.
Status each_block(const fs::path& path, const std::function<void(ByteView)>& take) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::unavailable, "cannot read " + path.string());
  std::string block(block_bytes, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    take(as_bytes(std::string_view(block).substr(0, static_cast<std::size_t>(in.gcount()))));
  }
  if (!in.eof()) return fail(Errc::unavailable, "cannot read " + path.string());
  return ok();
}

/// The name of the blob that a snapshot's link leads to; "" if the file is no link.
Result<std::string> blob_of(const fs::path& file, const fs::path& blobs) {
  std::error_code error;
  if (!fs::is_symlink(file, error)) return std::string();
  const auto target = fs::canonical(file, error);
  if (error || target.parent_path() != blobs)
    return fail(Errc::invalid_argument, file.string() + " leads out of " + blobs.string());
  auto name = target.filename().string();
  const bool known = (name.size() == 40 || name.size() == 64) && is_hex(name);
  return known ? name : std::string();
}

bool is_hidden_folder(const fs::path& name) { return name == ".git" || name == ".cache"; }

/// All files below `root`.
/// @param blobs  of a cache; empty: a plain folder
Result<std::vector<SourceFile>> files_below(const fs::path& root, const fs::path& blobs) {
  std::vector<SourceFile> files;
  std::error_code error;
  fs::recursive_directory_iterator at(root, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (blobs.empty() && at->is_directory() && is_hidden_folder(at->path().filename())) {
      at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file()) continue;
    SourceFile file;
    file.from = at->path();
    file.path = fs::relative(at->path().parent_path(), root).lexically_normal().generic_string();
    const auto name = at->path().filename().string();
    file.path = file.path == "." ? name : file.path + "/" + name;
    if (!is_utf8(file.path))
      return fail(Errc::invalid_argument, "a name that is no UTF-8: " + file.from.string());
    file.size_bytes = at->file_size();
    if (!blobs.empty()) {
      WAAG_TRY(file.blob, blob_of(at->path(), blobs));
    }
    files.push_back(std::move(file));
  }
  if (error) return fail(Errc::unavailable, root.string() + ": " + error.message());
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

/// "models--acme--tiny"; nullopt for other folders.
std::optional<Source> named_source(std::string folder) {
  Source source;
  for (const auto* type : {"model", "dataset", "space"}) {
    const auto prefix = std::string(type) + "s--";
    if (!folder.starts_with(prefix)) continue;
    source.type = type;
    folder.erase(0, prefix.size());
    const auto dashes = folder.find("--");
    if (dashes != std::string::npos) source.ns = folder.substr(0, dashes);
    source.name = dashes == std::string::npos ? folder : folder.substr(dashes + 2);
    return source;
  }
  return std::nullopt;
}

/// Where main is, or the only snapshot; "" if nobody can say.
std::string snapshot_of(const fs::path& repo) {
  std::ifstream ref(repo / "refs" / "main", std::ios::binary);
  std::string commit;
  if (ref && std::getline(ref, commit) && commit.size() < ref_bytes_max && is_hex(commit) &&
      fs::is_directory(repo / "snapshots" / commit))
    return commit;
  std::error_code error;
  std::string only;
  for (const auto& entry : fs::directory_iterator(repo / "snapshots", error)) {
    if (!only.empty()) return "";
    only = entry.path().filename().string();
  }
  return only;
}

}  // namespace

Result<Source> folder_source(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return fail(Errc::not_found, folder.string() + " is no folder");
  Source source;
  WAAG_TRY(source.files, files_below(folder, {}));
  return source;
}

Result<std::vector<Source>> cache_sources(const fs::path& cache) {
  std::error_code error;
  if (!fs::is_directory(cache, error))
    return fail(Errc::not_found, cache.string() + " is no folder");
  std::vector<Source> sources;
  for (const auto& entry : fs::directory_iterator(cache, error)) {
    auto source = named_source(entry.path().filename().string());
    if (!source || !entry.is_directory()) continue;
    source->commit = snapshot_of(entry.path());
    if (source->commit.empty()) continue;
    const auto blobs = fs::weakly_canonical(entry.path() / "blobs", error);
    WAAG_TRY(source->files, files_below(entry.path() / "snapshots" / source->commit, blobs));
    if (!source->files.empty()) sources.push_back(*std::move(source));
  }
  std::ranges::sort(sources, {},
                    [](const Source& one) { return one.type + one.ns + "/" + one.name; });
  return sources;
}

Result<BlobId> sha256_of(const fs::path& file,
                         const std::function<void(std::size_t bytes)>& heard) {
  Sha256 hash;
  WAAG_CHECK(each_block(file, [&](ByteView bytes) {
    hash.update(bytes);
    if (heard) heard(bytes.size());
  }));
  return hash.finish();
}

Result<GitId> git_blob_of(const fs::path& file, std::uint64_t size_bytes) {
  auto hash = git::git_blob_hasher(size_bytes);
  WAAG_CHECK(each_block(file, [&](ByteView bytes) { hash.update(bytes); }));
  return hash.finish();
}

Status verify_file(const SourceFile& file) {
  if (file.blob.empty()) return ok();
  std::string found;
  if (file.blob.size() == 64) {
    WAAG_TRY(const auto id, sha256_of(file.from));
    found = id.hex();
  } else {
    WAAG_TRY(const auto id, git_blob_of(file.from, file.size_bytes));
    found = id.hex();
  }
  if (found == file.blob) return ok();
  return fail(Errc::corrupt, file.path + " is damaged: its bytes are not those of " + file.blob);
}

}  // namespace waag::cli
