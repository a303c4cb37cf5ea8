#pragma once

#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "storage/store.h"
#include "tests/support/store_workload.h"
#include "tests/support/temp_folder.h"

namespace waag::testing {

/// A real store in a folder of its own, with a clock that moves when told, and short words for what
/// tests do with it. What must work is REQUIREd here.
class StoreFixture {
 public:
  explicit StoreFixture(std::uint64_t seed = 1) : random(seed) { open(); }

  void open() {
    auto opened = storage::Store::open(*disk, clock, random, small_store(folder.path() / "data"));
    if (!opened) FAIL("open: " << opened.error().what);
    store = *std::move(opened);
  }
  void reopen() {
    close();
    open();
  }
  void close() {
    REQUIRE(store->close());
    store.reset();
  }

  std::uint64_t make_repo(const std::string& name, const std::string& ns = "acme") {
    storage::NewRepo repo;
    repo.id = {RepoType::model, ns, name};
    repo.creator = "ann";
    repo.author_name = "Ann";
    repo.author_email = "ann@example.org";
    repo.gitattributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n";
    auto row = store->create_repo(repo);
    if (!row) FAIL("create_repo: " << row.error().what);
    return row->uid;
  }

  /// Into `area`, for a commit to come.
  static storage::StagedFile::Done stage(storage::StagingArea& area, std::string_view content) {
    auto file = area.file();
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes(content)));
    auto done = (*file)->finish();
    if (!done) FAIL("stage: " << done.error().what);
    CHECK(done->size_bytes == content.size());
    return *done;
  }
  /// Into the store itself, as if a commit had brought it.
  GitId stage(std::string_view content) {
    const auto area = store->staging_area();
    const auto done = stage(*area, content);
    storage::Transaction transaction;
    REQUIRE(area->settle(transaction));
    REQUIRE(store->rows().apply(std::move(transaction)));
    return done.git_id;
  }
  BlobId ingest(std::string_view content) {
    auto ingest = store->ingest();
    REQUIRE(ingest);
    REQUIRE((*ingest)->write(as_bytes(content)));
    auto done = (*ingest)->finish({sha256(as_bytes(content)), content.size()});
    if (!done) FAIL("ingest: " << done.error().what);
    return done->id;
  }

  storage::Change put(const std::string& path, std::string_view content) {
    storage::Change change;
    change.path = path;
    change.blob = stage(content);
    return change;
  }
  storage::Change put_lfs(const std::string& path, std::string_view content) {
    storage::Change change;
    change.kind = storage::Change::Kind::put_lfs;
    change.path = path;
    change.lfs = ingest(content);
    change.lfs_size = content.size();
    return change;
  }
  static storage::Change remove(const std::string& path) {
    storage::Change change;
    change.kind = storage::Change::Kind::remove_file;
    change.path = path;
    return change;
  }
  static storage::Change remove_folder(const std::string& path) {
    auto change = remove(path);
    change.kind = storage::Change::Kind::remove_folder;
    return change;
  }

  static storage::CommitRequest request(std::uint64_t uid, std::vector<storage::Change> changes) {
    storage::CommitRequest made;
    made.repo_uid = uid;
    made.ref = "refs/heads/main";
    made.user = "ann";
    made.author_name = "Ann";
    made.author_email = "ann@example.org";
    made.message = "Change files";
    made.changes = std::move(changes);
    return made;
  }
  CommitId commit(std::uint64_t uid, std::vector<storage::Change> changes) {
    auto outcome = store->commit(request(uid, std::move(changes)));
    if (!outcome) FAIL("commit: " << outcome.error().what);
    return outcome->commit;
  }
  Errc commit_error(std::uint64_t uid, std::vector<storage::Change> changes) {
    auto outcome = store->commit(request(uid, std::move(changes)));
    REQUIRE_FALSE(outcome);
    return outcome.error().code;
  }
  CommitId head(std::uint64_t uid) {
    auto id = store->resolve(uid, "main");
    REQUIRE(id);
    return *id;
  }

  std::string read(storage::BlobReader& reader) {
    std::string content(reader.size_bytes(), '\0');
    auto got = reader.read(0, std::as_writable_bytes(std::span(content)));
    if (!got) FAIL("read: " << got.error().what);
    CHECK(*got == content.size());
    return content;
  }
  std::string read(const storage::TreeEntry& entry) {
    auto reader = entry.lfs ? store->open_blob(entry.lfs->id) : store->open_git_blob(entry.oid);
    if (!reader) FAIL("open: " << reader.error().what);
    return read(**reader);
  }
  std::shared_ptr<const storage::Snapshot> snapshot(std::uint64_t uid, const CommitId& commit) {
    auto found = store->snapshot(uid, commit);
    if (!found) FAIL("snapshot: " << found.error().what);
    return *found;
  }
  /// path -> content of every file of a commit but .gitattributes.
  std::map<std::string, std::string> files_of(std::uint64_t uid, const CommitId& commit) {
    auto entries = snapshot(uid, commit)->list("", true, "", 0);
    if (!entries) FAIL("list: " << entries.error().what);
    std::map<std::string, std::string> found;
    for (const auto& entry : *entries)
      if (entry.type == storage::TreeEntry::Type::file && entry.path != ".gitattributes")
        found[entry.path] = read(entry);
    return found;
  }

  TempFolder folder;
  std::unique_ptr<storage::FileSystem> disk = storage::make_posix_file_system();
  TestClock clock;
  SeededRandom random;
  std::unique_ptr<storage::Store> store;
};

/// `bytes` of text that does not repeat.
inline std::string noise(std::uint64_t seed, std::uint32_t bytes) {
  return std::string(as_text(make_content({seed, bytes, 0})));
}

}  // namespace waag::testing
