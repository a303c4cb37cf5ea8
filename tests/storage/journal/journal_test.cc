#include "storage/journal/journal.h"

#include <catch2/catch.hpp>

#include "storage/meta/row_store.h"
#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;
using waag::testing::MemoryFileSystem;

namespace {

const std::filesystem::path folder = "/data/journal";

/// Counts up, so that salts differ and runs do not.
class Counter final : public Random {
 public:
  void fill(std::span<std::byte> out) override {
    for (auto& byte : out) byte = static_cast<std::byte>(next_++);
  }

 private:
  unsigned next_ = 1;
};

Bytes payload(std::string key, std::string value) {
  Transaction change;
  change.puts.push_back({std::move(key), std::move(value)});
  return encode_rows(change);
}

struct Disk {
  MemoryFileSystem fs;
  Counter random;

  Disk() { REQUIRE(fs.create_dir("/data")); }
  Result<std::unique_ptr<Journal>> open(std::uint64_t file_bytes_max = 1u << 20) {
    History history;
    if (fs.exists(folder)) {
      WAAG_TRY(history, read_history(fs, folder));
    }
    return Journal::open(fs, {folder, file_bytes_max, &random}, std::move(history));
  }
  /// What replay says: "seq key" per row.
  std::vector<std::string> replayed() {
    const auto history = read_history(fs, folder);
    REQUIRE(history);
    std::vector<std::string> rows;
    REQUIRE(replay(fs, folder, history->logs, 0, [&](std::uint64_t seq, const RowsView& view) {
      for (const auto& [key, value] : view.puts)
        rows.push_back(std::to_string(seq) + " " + std::string(key));
      return ok();
    }));
    return rows;
  }
  Bytes log(std::uint64_t number = 1) { return fs.files()[folder / log_name(number)]; }
  void set_log(Bytes bytes, std::uint64_t number = 1) {
    fs.put(folder / log_name(number), std::move(bytes));
  }
};

}  // namespace

TEST_CASE("journal: a tail torn at any byte is cut, the rest stays", "[storage][journal]") {
  Disk disk;
  std::vector<std::size_t> ends;  // of the log after each group
  {
    auto journal = disk.open();
    REQUIRE(journal);
    for (const auto* key : {"a", "b", "c"}) {
      REQUIRE((*journal)->append(std::vector<Bytes>{payload(key, "value")}));
      ends.push_back(disk.log().size());
    }
  }
  const auto whole = disk.log();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    Disk torn;
    torn.fs.put(folder / log_name(1),
                Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
    std::size_t kept = 0;
    while (kept < ends.size() && ends[kept] <= size) ++kept;
    auto journal = torn.open();
    REQUIRE(journal);
    CHECK((*journal)->last_seq() == kept);
    REQUIRE((*journal)->append(std::vector<Bytes>{payload("new", "value")}));
    const auto rows = torn.replayed();
    REQUIRE(rows.size() == kept + 1);
    CHECK(rows.back() == std::to_string(kept + 1) + " new");
  }
}

TEST_CASE("journal: any damaged byte before an acknowledged frame is refused",
          "[storage][journal]") {
  Disk disk;
  std::size_t last_group = 0;
  {
    auto journal = disk.open();
    REQUIRE(journal);
    for (const auto* key : {"a", "b", "c"}) {
      last_group = disk.log().size();
      REQUIRE((*journal)->append(std::vector<Bytes>{payload(key, "value")}));
    }
  }
  const auto whole = disk.log();
  for (std::size_t at = 0; at < last_group; ++at) {
    CAPTURE(at);
    auto bytes = whole;
    bytes[at] ^= std::byte{0x10};
    disk.set_log(bytes);
    const auto opened = disk.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(disk.log() == bytes);  // evidence is left as it is
  }
}

TEST_CASE("journal: a torn group keeps only whole transactions, in order", "[storage][journal]") {
  Disk disk;
  std::size_t before = 0;
  {
    auto journal = disk.open();
    REQUIRE(journal);
    REQUIRE((*journal)->append(std::vector<Bytes>{payload("a", "1")}));
    before = disk.log().size();
    REQUIRE((*journal)->append(
        std::vector<Bytes>{payload("b", "2"), payload("c", "3"), payload("d", "4")}));
  }
  auto bytes = disk.log();
  const auto frame = (bytes.size() - before) / 3;
  // The middle of three frames of one group is lost: nobody was told of any of them.
  std::fill_n(bytes.begin() + static_cast<long>(before + frame), frame, std::byte{0});
  disk.set_log(bytes);
  REQUIRE(disk.open());
  CHECK(disk.replayed() == std::vector<std::string>{"1 a", "2 b"});
}

TEST_CASE("journal: a row that spells a frame does not prove anything", "[storage][journal]") {
  Disk disk;
  std::size_t begin = 0;
  {
    auto journal = disk.open();
    REQUIRE(journal);
    Bytes forged;
    append_frame(forged, {0, 0, 100, 99}, FrameType::rows, payload("x", "y"));
    REQUIRE((*journal)->append(std::vector<Bytes>{payload("a", "1")}));
    begin = disk.log().size();
    REQUIRE((*journal)->append(std::vector<Bytes>{payload("b", std::string(as_text(forged)))}));
  }
  auto bytes = disk.log();
  bytes[begin] ^= std::byte{1};  // the outer frame is torn, what it carries is whole
  disk.set_log(bytes);
  REQUIRE(disk.open());
  CHECK(disk.replayed() == std::vector<std::string>{"1 a"});
}

TEST_CASE("journal: damage or loss in an earlier log is refused", "[storage][journal]") {
  Disk disk;
  {
    auto journal = disk.open(/*file_bytes_max=*/1);
    REQUIRE(journal);
    for (const auto* key : {"a", "b", "c"})
      REQUIRE((*journal)->append(std::vector<Bytes>{payload(key, "value")}));
  }
  REQUIRE(disk.replayed().size() == 3);
  const auto first_with_frames = disk.log(2).empty() ? 1 : 2;
  auto bytes = disk.log(static_cast<std::uint64_t>(first_with_frames));
  SECTION("cut") { bytes.pop_back(); }
  SECTION("cut at a frame") { bytes.resize(file_header_bytes); }
  SECTION("rot") { bytes.back() ^= std::byte{1}; }
  disk.set_log(bytes, static_cast<std::uint64_t>(first_with_frames));
  CHECK(disk.open().error().code == Errc::corrupt);
}

TEST_CASE("journal: what a newer version wrote is refused, never skipped", "[storage][journal]") {
  Disk disk;
  {
    auto journal = disk.open();
    REQUIRE(journal);
    REQUIRE((*journal)->append(std::vector<Bytes>{payload("a", "1")}));
  }
  auto bytes = disk.log();
  const auto header = decode_file_header(bytes, FileKind::log);
  REQUIRE(header);
  append_frame(bytes, {header->salt, bytes.size(), 2, 1}, FrameType::tombstones, {});
  disk.set_log(bytes);
  CHECK(disk.open().error().code == Errc::unprocessable);
}
