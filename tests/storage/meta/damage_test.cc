#include "storage/meta/damage.h"

#include <fstream>

#include "storage/meta/blob_rows.h"
#include "storage/meta/tables/table.h"
#include "storage/pack/format.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

/// A repo with one file of chunks, one git file and one large git file, and a hand for damage.
struct Fixture : StoreFixture {
  const std::uint64_t uid = make_repo("tiny");
  const std::string weights = testing::noise(9, 300'000);
  const std::string large = testing::noise(10, 150'000);
  const std::string text = testing::noise(11, 5'000);
  const BlobId weights_id = sha256(as_bytes(weights));
  GitId large_id, text_id;

  Fixture() {
    auto made = put("large", large);
    large_id = made.blob;
    auto small = put("text", text);
    text_id = small.blob;
    commit(uid, {put_lfs("m.bin", weights), made, small});
  }

  std::filesystem::path file_of(PackId pack) {
    const auto packs = folder.path() / "data" / "packs";
    for (const auto& file : std::filesystem::recursive_directory_iterator(packs))
      if (file.path().filename().string().starts_with(pack_name(pack))) return file.path();
    FAIL("no such pack");
    return {};
  }
  /// Flips a bit of the file; once more, and it is as it was.
  void flip(PackId pack, std::uint64_t offset) {
    std::fstream bytes(file_of(pack), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(offset));
    const auto changed = static_cast<char>(bytes.get() ^ 1);
    bytes.seekp(static_cast<std::streamoff>(offset));
    bytes.put(changed);
  }
  /// The last byte of the record on disk becomes another.
  void damage(const Location& at) { flip(at.pack, at.offset + at.stored_bytes - 1); }
  Location place(const std::string& key) {
    const auto at = get_row(store->rows(), key, decode_location);
    REQUIRE(at);
    REQUIRE(*at);
    return **at;
  }
  XorbRow xorb_of(const BlobId& id) {
    const auto manifest = get_row(store->rows(), keys::blob(id), decode_manifest);
    const auto xorb = get_row(store->rows(), keys::xorb((*manifest)->terms[0].xorb), decode_xorb);
    REQUIRE(xorb);
    REQUIRE(*xorb);
    return **xorb;
  }
  /// Of the blob's chunk in the middle.
  Location damage_chunk(const BlobId& id) {
    const auto xorb = xorb_of(id);
    const auto at = place(keys::chunk(xorb.chunks[xorb.chunks.size() / 2].hash));
    damage(at);
    return at;
  }

  Errc read_error(const BlobId& id) {
    auto reader = store->open_blob(id);
    REQUIRE(reader);
    Bytes all((*reader)->size_bytes());
    const auto got = (*reader)->read(0, all);
    REQUIRE_FALSE(got);
    return got.error().code;
  }
  /// Raw runs from the beginning on; the error that ended them.
  std::optional<Errc> send(const BlobId& id) {
    auto reader = store->open_blob(id);
    REQUIRE(reader);
    for (std::uint64_t at = 0; at < (*reader)->size_bytes();) {
      const auto run = (*reader)->raw_run(at, 100'000);
      if (!run) return run.error().code;
      REQUIRE(*run);
      at += (*run)->bytes;
    }
    return std::nullopt;
  }
  FsckReport check() {
    auto report = fsck(*store);
    REQUIRE(report);
    return *report;
  }
  bool marked(const Location& at) {
    return store->rows().get(keys::damaged(place_of(at)))->has_value();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "damage: a chunk that is sent again is stored again",
                 "[storage][damage]") {
  const auto bad = damage_chunk(weights_id);
  CHECK_FALSE(*store->is_damaged(weights_id));  // nobody has looked yet
  const auto* found_by = GENERATE("read", "read for sendfile", "fsck");
  CAPTURE(found_by);
  if (found_by == std::string_view("read")) {
    CHECK(read_error(weights_id) == Errc::corrupt);
  } else if (found_by == std::string_view("fsck")) {
    CHECK(check().problems.size() >= 1);
  } else {
    CHECK(send(weights_id) == Errc::corrupt);
  }
  CHECK(marked(bad));
  CHECK(*store->is_damaged(weights_id));
  CHECK_FALSE(*store->is_damaged(sha256(as_bytes("unknown"))));
  if (GENERATE(false, true)) reopen();
  CHECK(*store->is_damaged(weights_id));
  CHECK(read_error(weights_id) == Errc::corrupt);

  CHECK(ingest(weights) == weights_id);
  CHECK_FALSE(*store->is_damaged(weights_id));
  CHECK(read(**store->open_blob(weights_id)) == weights);
  const auto repaired = xorb_of(weights_id);
  for (const auto& run : repaired.runs)
    CHECK(store->packs().damaged().within(run.pack, run.first_record, run.records).empty());
  const auto report = check();
  CHECK(report.problems == std::vector<std::string>{});
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].find("record " + std::to_string(bad.record)) != std::string::npos);

  // Nor does an index made anew lead back to the damaged record, from the log or a checkpoint.
  if (GENERATE(false, true)) REQUIRE(store->rows().checkpoint());
  close();
  REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(read(**store->open_blob(weights_id)) == weights);
  CHECK(check().problems == std::vector<std::string>{});
  CHECK(marked(bad));
}

TEST_CASE_METHOD(Fixture, "damage: other files with the chunk are whole again too",
                 "[storage][damage]") {
  const auto other = weights + testing::noise(12, 100'000);
  const auto other_id = ingest(other);
  const auto bad = damage_chunk(weights_id);
  CHECK(read_error(other_id) == Errc::corrupt);
  CHECK(*store->is_damaged(weights_id));
  CHECK(*store->is_damaged(other_id));
  ingest(weights);
  CHECK_FALSE(*store->is_damaged(other_id));
  CHECK(read(**store->open_blob(other_id)) == other);
  CHECK_FALSE(send(other_id));
  CHECK(check().problems == std::vector<std::string>{});
  CHECK(marked(bad));
}

TEST_CASE_METHOD(Fixture, "damage: git objects that are made again are stored again",
                 "[storage][damage]") {
  const auto bad = place(keys::git_object(text_id));
  damage(bad);
  auto reader = *store->open_git_blob(text_id);
  Bytes out(10);
  CHECK(reader->read(0, out).error().code == Errc::corrupt);
  CHECK(*store->is_damaged(text_id));
  CHECK(stage(text) == text_id);
  CHECK_FALSE(*store->is_damaged(text_id));
  CHECK_FALSE(place(keys::git_object(text_id)) == bad);
  CHECK(read(**store->open_git_blob(text_id)) == text);
  const auto report = check();
  CHECK(report.problems == std::vector<std::string>{});
  CHECK(report.notes.size() == 1);
}

TEST_CASE_METHOD(Fixture, "damage: a commit that was made before repairs all the same",
                 "[storage][damage]") {
  const auto commit_again = [this] {
    auto area = store->staging_area();
    Change change;
    change.path = "text";
    change.blob = StoreFixture::stage(*area, text).git_id;
    auto again = request(uid, {change});
    again.staged = area;
    again.replay_key = sha256(as_bytes("the same request"));
    const auto outcome = store->commit(again);
    REQUIRE(outcome);
    return outcome->replayed;
  };
  CHECK_FALSE(commit_again());
  const auto bad = place(keys::git_object(text_id));
  damage(bad);
  auto reader = *store->open_git_blob(text_id);
  Bytes out(10);
  CHECK(reader->read(0, out).error().code == Errc::corrupt);
  CHECK(commit_again());
  CHECK_FALSE(*store->is_damaged(text_id));
  CHECK(read(**store->open_git_blob(text_id)) == text);
  const auto repaired = place(keys::git_object(text_id));
  CHECK(commit_again());
  CHECK(place(keys::git_object(text_id)) == repaired);
}

TEST_CASE_METHOD(Fixture, "damage: large git blobs count as what they consist of",
                 "[storage][damage]") {
  damage_chunk(sha256(as_bytes(large)));
  CHECK(read_error(sha256(as_bytes(large))) == Errc::corrupt);
  CHECK(*store->is_damaged(large_id));
  CHECK(stage(large) == large_id);
  CHECK_FALSE(*store->is_damaged(large_id));
  CHECK(files_of(uid, head(uid)).at("large") == large);
}

TEST_CASE_METHOD(Fixture, "damage: an index made anew still knows what cannot be read",
                 "[storage][damage]") {
  damage(place(keys::git_object(text_id)));
  damage_chunk(weights_id);
  CHECK_FALSE(check().problems.empty());
  if (GENERATE(false, true)) REQUIRE(store->rows().checkpoint());
  close();
  REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(*store->is_damaged(weights_id));
  CHECK(*store->is_damaged(text_id));
  CHECK(read_error(weights_id) == Errc::corrupt);
  // The rest of the tree is listed and read as before.
  const auto entries = snapshot(uid, head(uid))->list("", true, "", 0);
  REQUIRE(entries);
  CHECK(entries->size() == 4);
  for (const auto& entry : *entries)
    if (entry.path == "large") CHECK(read(entry) == large);
}

TEST_CASE_METHOD(Fixture, "damage: a pack that is gone is made up for by what comes again",
                 "[storage][damage]") {
  const auto at = place(keys::chunk(xorb_of(weights_id).chunks[0].hash));
  close();
  std::filesystem::remove(file_of(at.pack));
  if (GENERATE(false, true)) REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(read_error(weights_id) == Errc::corrupt);
  CHECK_FALSE(check().problems.empty());
  CHECK(*store->is_damaged(weights_id));
  ingest(weights);
  CHECK_FALSE(*store->is_damaged(weights_id));
  CHECK(read(**store->open_blob(weights_id)) == weights);
  stage(large);
  CHECK(files_of(uid, head(uid)).at("large") == large);
  CHECK(check().problems == std::vector<std::string>{});
}

TEST_CASE_METHOD(Fixture, "damage: a group that nothing leads into costs its own records",
                 "[storage][damage]") {
  const auto first = place(keys::chunk(xorb_of(weights_id).chunks[0].hash));
  close();
  flip(first.pack, first.offset - pack::block_bytes + pack::group_header_bytes);  // its first hash
  REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(read_error(weights_id) == Errc::corrupt);
  CHECK(*store->is_damaged(weights_id));
  CHECK(read(**store->open_git_blob(text_id)) == text);
  reopen();
  CHECK(*store->is_damaged(weights_id));
  ingest(weights);
  CHECK_FALSE(*store->is_damaged(weights_id));
  CHECK(read(**store->open_blob(weights_id)) == weights);
  CHECK_FALSE(send(weights_id));
  const auto report = check();
  for (const auto& problem : report.problems) CHECK(problem.starts_with("pack "));
}

TEST_CASE_METHOD(Fixture, "damage: a note that was wrong costs nothing and is taken back",
                 "[storage][damage]") {
  const auto good = place(keys::chunk(xorb_of(weights_id).chunks[0].hash));
  const auto text_at = place(keys::git_object(text_id));
  note_damage(store->rows(), store->packs(), place_of(good));
  note_damage(store->rows(), store->packs(), place_of(text_at));
  CHECK(*store->is_damaged(weights_id));
  CHECK(read(**store->open_blob(weights_id)) == weights);
  CHECK(read(**store->open_git_blob(text_id)) == text);
  CHECK_FALSE(send(weights_id));
  if (GENERATE(false, true)) {  // sent again before anybody has checked
    ingest(weights);
    CHECK_FALSE(place(keys::chunk(xorb_of(weights_id).chunks[0].hash)) == good);
  }
  const auto report = check();
  CHECK(report.problems == std::vector<std::string>{});
  CHECK(report.notes == std::vector<std::string>{});
  CHECK_FALSE(*store->is_damaged(weights_id));
  CHECK_FALSE(*store->is_damaged(text_id));
  CHECK_FALSE(marked(good));
  if (GENERATE(false, true)) REQUIRE(store->rows().checkpoint());
  close();
  REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(store->packs().damaged().empty());
  CHECK(read(**store->open_blob(weights_id)) == weights);
}

TEST_CASE_METHOD(Fixture, "damage: a store that cannot write reads around it all the same",
                 "[storage][damage]") {
  const auto other = weights + testing::noise(12, 100'000);
  const auto other_id = ingest(other);
  const auto bad = damage_chunk(weights_id);
  CHECK(read_error(weights_id) == Errc::corrupt);
  ingest(weights);
  forget_damage(store->rows(), store->packs(), {{place_of(bad)}});
  REQUIRE_FALSE(marked(bad));
  REQUIRE(store->rows().close());  // nothing can be written from here on
  if (GENERATE(false, true)) {
    CHECK(read(**store->open_blob(other_id)) == other);
  } else {
    CHECK_FALSE(send(other_id));
  }
  CHECK(store->packs().damaged().contains(place_of(bad)));
  CHECK_FALSE(marked(bad));
}

TEST_CASE_METHOD(Fixture, "damage: trees are remembered too", "[storage][damage]") {
  const auto commit = snapshot(uid, head(uid))->commit();
  const auto at = place(keys::git_object(commit.tree));
  damage(at);
  reopen();  // nothing is in the cache
  const auto listed = snapshot(uid, head(uid))->list("", true, "", 0);
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == Errc::corrupt);
  CHECK(marked(at));
}

}  // namespace waag::storage
