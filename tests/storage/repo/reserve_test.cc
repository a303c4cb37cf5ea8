#include "storage/repo/reserve.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

namespace {

/// Takes bytes and keeps none.
class Sink final : public Ingest {
 public:
  explicit Sink(std::uint64_t& taken) : taken_(taken) {}
  Status write(ByteView bytes) override {
    taken_ += bytes.size();
    return ok();
  }
  Result<IngestedBlob> finish(const IngestExpect&, Transaction) override { return IngestedBlob{}; }

 private:
  std::uint64_t& taken_;
};

}  // namespace

TEST_CASE("reserve: refuses below, not above", "[storage][reserve]") {
  const testing::TempFolder folder;
  const auto fs = make_posix_file_system();
  CHECK(Reserve(*fs, folder.path(), 0).check());
  CHECK(Reserve(*fs, folder.path(), 1ull << 62).check().error().code == Errc::no_space);
  CHECK_FALSE(Reserve(*fs, folder.path() / "none", 0).check());
}

TEST_CASE("reserve: an upload that goes on is checked again", "[storage][reserve]") {
  const testing::TempFolder folder;
  const auto fs = make_posix_file_system();
  const Reserve full(*fs, folder.path(), 1ull << 62);
  std::uint64_t taken = 0;
  const auto ingest = guard_ingest(full, std::make_unique<Sink>(taken));
  const Bytes block(1u << 20);
  Status written = ok();
  for (int i = 0; written && i < 200; ++i) written = ingest->write(block);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::no_space);
  CHECK(taken < (64u << 20));
}

}  // namespace waag::storage
