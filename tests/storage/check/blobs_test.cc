#include "storage/meta/blob_rows.h"
#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck blobs: rows that are gone or lie are found",
                 "[storage][fsck]") {
  const auto id = weights_id();
  auto manifest = *decode_manifest(row(keys::blob(id)));
  const auto xorb_key = keys::xorb(manifest.terms.front().xorb);
  SECTION("no xorb") {
    remove_row(xorb_key);
    CHECK(finds("is missing"));
  }
  SECTION("a xorb without its last chunk") {
    auto xorb = *decode_xorb(row(xorb_key));
    xorb.chunks.pop_back();
    if (--xorb.runs.back().records == 0) xorb.runs.pop_back();
    put_row(xorb_key, encode(xorb));
    CHECK(finds("wrong hash"));
    CHECK(finds("past the end of its xorb"));
  }
  SECTION("a run that lies elsewhere") {
    auto xorb = *decode_xorb(row(xorb_key));
    xorb.runs.back().first_record += 1'000'000;
    put_row(xorb_key, encode(xorb));
    CHECK(finds("run past the end"));
  }
  SECTION("chunks in another order") {
    auto xorb = *decode_xorb(row(xorb_key));
    REQUIRE(xorb.chunks.size() > 1);
    std::swap(xorb.chunks.front(), xorb.chunks.back());
    put_row(xorb_key, encode(xorb));
    CHECK(finds("holds another chunk"));
  }
  SECTION("another file hash") {
    manifest.file_hash.bytes[0] ^= std::byte{1};
    put_row(keys::blob(id), encode(manifest));
    CHECK(finds("wrong file hash"));
    CHECK(finds("does not have it"));
  }
  SECTION("no way from the file hash") {
    remove_row(keys::file(manifest.file_hash));
    CHECK(finds("does not lead to it"));
  }
  SECTION("a chunk that the blob does not have") {
    put_row(keys::dedup(ChunkHash{}, id), "");
    CHECK(finds("no such chunk"));
  }
  SECTION("another blob's bytes") {
    auto wrong = id;
    wrong.bytes[0] ^= std::byte{1};
    put_row(keys::blob(wrong), encode(manifest));
    CHECK(finds(wrong.hex() + ": wrong SHA-256"));
  }
  SECTION("no blob") {
    remove_row(keys::blob(id));
    CHECK(finds("no such blob"));
    CHECK(finds("is missing"));
  }
}

TEST_CASE_METHOD(FsckFixture, "fsck blobs: git blobs that lead elsewhere are found",
                 "[storage][fsck]") {
  SECTION("a large one") {
    put_row(first('G').key, encode_large_git_blob(weights_id()));
    CHECK(finds("another id"));
  }
  SECTION("a pointer") {
    const auto pointer = first('p');
    auto changed = *decode_lfs_pointer(pointer.value);
    ++changed.size_bytes;
    put_row(pointer.key, encode(changed));
    CHECK(finds("differs from the text"));
  }
}

}  // namespace waag::storage
