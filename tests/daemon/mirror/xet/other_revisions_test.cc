#include "daemon/mirror/xet/other_revisions.h"

#include "protocol/git/object.h"
#include "protocol/lfs/pointer.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon {
namespace {

struct Fixture : waag::testing::StoreFixture {
  /// A revision of one mirrored repo that names these LFS files.
  CommitId revision(int number, const std::vector<std::string>& contents) {
    storage::NewMirror repo;
    repo.id = {RepoType::model, "Qwen", "Tiny"};
    storage::Listing listing;
    listing.upstream = "https://hub.example";
    listing.name = "Qwen/Tiny";
    listing.ref = "refs/heads/main";
    listing.commit.bytes.fill(static_cast<std::byte>(number));
    for (const auto& content : contents) {
      storage::ListedFile file;
      file.path = "file" + std::to_string(listing.files.size());
      file.size_bytes = content.size();
      file.lfs = sha256(as_bytes(content));
      file.oid = git::blob_id(as_bytes(lfs::serialize_pointer({*file.lfs, content.size()})));
      listing.files.push_back(file);
    }
    const auto row = store->mirrors().import(repo, listing);
    if (!row) FAIL("import: " << row.error().what);
    uid = row->uid;
    return listing.commit;
  }
  void bring(const std::string& content) {
    REQUIRE(store->rows().apply(storage::Mirrors::proof(uid, ingest(content))));
  }
  /// As of a new start.
  Result<bool> has_other(const CommitId& than) { return OtherRevisions(*store).has(uid, than); }
  std::uint64_t uid = 0;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "other_revisions: files of another revision are here",
                 "[mirror][other_revisions]") {
  const auto first = revision(1, {"one", "two"});
  CHECK_FALSE(*has_other(first));
  bring("two");
  CHECK_FALSE(*has_other(first));  // a neighbour
  const auto second = revision(2, {"one and more", "two"});
  CHECK_FALSE(*has_other(second));  // it is of both
  bring("one");
  CHECK(*has_other(second));
  CHECK_FALSE(*has_other(first));
}

TEST_CASE_METHOD(Fixture, "other_revisions: a commit that is not here",
                 "[mirror][other_revisions]") {
  revision(1, {"one"});
  bring("one");
  CHECK_FALSE(has_other(CommitId{}));
}

TEST_CASE_METHOD(Fixture, "other_revisions: one look serves all files of a commit",
                 "[mirror][other_revisions]") {
  OtherRevisions revisions(*store);
  const auto first = revision(1, {"one"});
  CHECK_FALSE(*revisions.has(uid, first));
  const auto second = revision(2, {"two"});
  bring("two");
  CHECK_FALSE(*revisions.has(uid, first));  // as it was
  CHECK(*has_other(first));
  CHECK_FALSE(*revisions.has(uid, second));
}

}  // namespace waag::daemon
