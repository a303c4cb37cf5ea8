#include "daemon/convert/materialize.h"

namespace waag::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = 4u << 20;
constexpr std::chrono::milliseconds look{200};

Error told_to_stop() { return fail(Errc::unavailable, "the job was told to stop"); }

Status make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return ok();
  const bool full = error == std::errc::no_space_on_device;
  return fail(full ? Errc::no_space : Errc::unavailable,
              "cannot make " + folder.string() + ": " + error.message());
}

}  // namespace

Status Materializer::put(const storage::RepoRow& repo, const CommitId& commit,
                         const std::vector<storage::TreeEntry>& files) {
  for (const auto& entry : files) {
    if (context_.stopped()) return told_to_stop();
    context_.set_note("reading " + entry.path);
    const auto target = folder_ / entry.path;
    std::error_code error;
    if (fs::file_size(target, error) == entry.size_bytes && !error) {
      context_.add_done(entry.size_bytes, 1);
      continue;
    }
    WAAG_CHECK(bring(repo, commit, entry));
    WAAG_CHECK(put_file(entry));
    context_.add_done(0, 1);
  }
  return ok();
}

Status Materializer::bring(const storage::RepoRow& repo, const CommitId& commit,
                           const storage::TreeEntry& entry) {
  if (mirror_ == nullptr) return ok();
  WAAG_TRY(const bool cold, mirror_->is_cold(repo, entry));
  if (!cold) return ok();
  // As for who reads it; hub admins have whole repos brought (POST /api/waag/v1/pulls) anyway.
  if (!who_.hub_admin) WAAG_CHECK(mirror_->may_demand(who_));
  WAAG_TRY(const auto fill, mirror_->fill(repo, commit, entry));
  for (;;) {
    if (context_.stopped()) return told_to_stop();
    const auto ended = fill->wait_until(std::chrono::steady_clock::now() + look);
    if (ended || ended.error().code != Errc::deadline_exceeded) return ended;
    if (fill->state() != Fill::State::running) return ended;
  }
}

Status Materializer::put_file(const storage::TreeEntry& entry) {
  const auto target = folder_ / entry.path;
  const auto part = fs::path(target.string() + ".part");
  WAAG_CHECK(make_folders(target.parent_path()));
  auto& files = store_.files();
  if (files.exists(part)) WAAG_CHECK(files.remove(part));
  WAAG_TRY(const auto reader,
           entry.lfs ? store_.open_blob(entry.lfs->id) : store_.open_git_blob(entry.oid));
  WAAG_TRY(const auto file, files.open(part, storage::OpenMode::create_new));
  WAAG_CHECK(copy(*reader, *file));
  WAAG_CHECK(file->sync());
  return files.rename(part, target);
}

Status Materializer::copy(storage::BlobReader& from, storage::File& to) {
  std::vector<std::byte> block(block_bytes);
  for (std::uint64_t at = 0; at < from.size_bytes();) {
    if (context_.stopped()) return told_to_stop();
    WAAG_TRY(const auto got, from.read(at, block));
    if (got == 0) return fail(Errc::corrupt, "a file ends before its size");
    WAAG_CHECK(to.write(at, ByteView(block).first(got)));
    at += got;
    context_.add_done(got);
  }
  return ok();
}

std::uint64_t folder_bytes(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && !at->is_symlink(ignored)) {
      const auto size = at->file_size(ignored);
      if (!ignored) bytes += size;
    }
  }
  return bytes;
}

}  // namespace waag::daemon
