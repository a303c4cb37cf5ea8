#include "convert/io/resumable_file.h"

#include <catch2/catch.hpp>

#include "tests/convert/io/faulty_output_folder.h"

namespace waag::convert::testing {
namespace {

constexpr std::uint64_t every_bytes = 150;  // a mark after every second piece of 100
constexpr std::size_t piece_bytes = 100;
constexpr std::size_t pieces = 9;

std::string content() {
  std::string text;
  for (std::size_t i = 0; i < pieces * piece_bytes; ++i)
    text += static_cast<char>('a' + i * i % 23);
  return text;
}

BlobId id_of(std::string_view text) {
  Sha256 hash;
  hash.update(as_bytes(text));
  return hash.finish();
}

Result<ResumableFile> open(FaultyOutputFolder& folder, const std::string& plan = "plan") {
  return ResumableFile::open(folder, "sub/m.gguf", id_of(plan), content().size(), every_bytes);
}

/// Writes what is not there yet, piece by piece.
Result<BlobId> write(FaultyOutputFolder& folder, const std::string& plan = "plan") {
  WAAG_TRY(auto file, open(folder, plan));
  const auto whole = content();
  for (auto at = file.done_bytes(); at < whole.size(); at += piece_bytes) {
    WAAG_CHECK(file.append(as_bytes(whole).subspan(at, piece_bytes)));
    WAAG_CHECK(file.mark());
  }
  return file.finish();
}

void check_placed(FaultyOutputFolder& folder, const Result<BlobId>& id) {
  REQUIRE(id);
  CHECK(*id == id_of(content()));
  REQUIRE(folder.exists("sub/m.gguf"));
  CHECK(folder.files["sub/m.gguf"]->now == content());
  CHECK(folder.files["sub/m.gguf"]->durable == content());
  CHECK_FALSE(folder.exists("sub/m.gguf.part"));
}

/// A folder in which 7 pieces are written and 6 marked.
FaultyOutputFolder interrupted() {
  FaultyOutputFolder folder;
  auto file = open(folder);
  if (!file) FAIL(file.error().what);
  for (std::size_t i = 0; i < 7; ++i) {
    REQUIRE(file->append(as_bytes(content()).subspan(i * piece_bytes, piece_bytes)));
    REQUIRE(file->mark());
  }
  return folder;
}

std::uint64_t done_in(FaultyOutputFolder& folder, const std::string& plan = "plan") {
  const auto file = open(folder, plan);
  if (!file) FAIL(file.error().what);
  return file->done_bytes();
}

std::string& part(FaultyOutputFolder& folder) { return folder.files["sub/m.gguf.part"]->now; }
std::string& progress(FaultyOutputFolder& folder) {
  return folder.files["sub/m.gguf.progress"]->now;
}

}  // namespace

TEST_CASE("resumable_file: written in one go", "[convert][io][resumable]") {
  FaultyOutputFolder folder;
  check_placed(folder, write(folder));
  CHECK(folder.exists("sub/m.gguf.progress"));
  REQUIRE(ResumableFile::forget(folder, {"sub/m.gguf"}));
  CHECK(folder.files.size() == 1);
}

TEST_CASE("resumable_file: killed or cut off at every operation", "[convert][io][resumable]") {
  const bool is_power_lost = GENERATE(false, true);
  CAPTURE(is_power_lost);
  FaultyOutputFolder counting;
  REQUIRE(write(counting));
  REQUIRE(counting.operations > 20);
  std::uint64_t resumed_max = 0;
  for (std::uint64_t at = 0; at < counting.operations; ++at) {
    CAPTURE(at);
    FaultyOutputFolder folder;
    folder.fail_at = at;
    REQUIRE_FALSE(write(folder));
    if (is_power_lost)
      folder.lose_power();
    else
      folder.restart();
    if (!folder.exists("sub/m.gguf")) resumed_max = std::max(resumed_max, done_in(folder));
    check_placed(folder, write(folder));
  }
  CHECK(resumed_max == content().size());  // killed between the last mark and the rename
}

TEST_CASE("resumable_file: killed twice, anywhere", "[convert][io][resumable]") {
  for (std::uint64_t first = 4; first < 40; first += 3)
    for (std::uint64_t second = 0; second < 30; ++second) {
      FaultyOutputFolder folder;
      folder.fail_at = first;
      const auto once = write(folder);
      folder.lose_power();
      folder.operations = 0;
      folder.fail_at = second;
      const auto twice = write(folder);
      folder.restart();
      CAPTURE(first, second, once.has_value(), twice.has_value());
      check_placed(folder, write(folder));
    }
}

TEST_CASE("resumable_file: it goes on behind the last mark", "[convert][io][resumable]") {
  auto folder = interrupted();
  CHECK(done_in(folder) == 600);
  folder.lose_power();
  CHECK(done_in(folder) == 600);
  check_placed(folder, write(folder));
}

TEST_CASE("resumable_file: bytes that are not what was written", "[convert][io][resumable]") {
  for (std::size_t at = 0; at < 600; at += 37) {
    CAPTURE(at);
    auto folder = interrupted();
    part(folder)[at] ^= 1;
    CHECK(done_in(folder) == at / 200 * 200);
    check_placed(folder, write(folder));
  }
  for (const std::size_t size : {0u, 1u, 199u, 200u, 201u, 599u}) {
    CAPTURE(size);
    auto folder = interrupted();
    part(folder).resize(size);
    CHECK(done_in(folder) == size / 200 * 200);
    check_placed(folder, write(folder));
  }
}

TEST_CASE("resumable_file: marks that are not what was written", "[convert][io][resumable]") {
  const auto whole = [] {
    auto folder = interrupted();
    return progress(folder);
  }();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    auto folder = interrupted();
    progress(folder)[at] ^= 4;
    CHECK(done_in(folder) < 600);
    check_placed(folder, write(folder));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    auto folder = interrupted();
    progress(folder).resize(size);
    CHECK(done_in(folder) < 600);
    check_placed(folder, write(folder));
  }
  const auto first = whole.find('\n', whole.find('\n') + 1) + 1;  // behind the first mark
  for (const auto* lie :
       {"18446744073709551615 0\n", "99999999999999999999 0\n", "901 0\n", "0 0\n", "200\n",
        "-1 0\n", "400 0 0\n", " 400 0\n", "400  0\n", "\n", "x\n"}) {
    CAPTURE(lie);
    auto folder = interrupted();
    progress(folder).replace(first, std::string::npos, lie);
    CHECK(done_in(folder) == 200);
    check_placed(folder, write(folder));
  }
  auto folder = interrupted();
  progress(folder) += std::string((16 << 20) + 1, '\n');
  CHECK(done_in(folder) == 0);
}

TEST_CASE("resumable_file: another plan starts anew", "[convert][io][resumable]") {
  auto folder = interrupted();
  CHECK(done_in(folder, "another") == 0);
  CHECK(done_in(folder) == 0);  // and what the first had is gone
  check_placed(folder, write(folder));
  CHECK(done_in(folder, "another") == 0);
  CHECK(folder.files["sub/m.gguf"]->now == content());  // until the new one is whole
}

TEST_CASE("resumable_file: a placed file is taken over, if it is whole",
          "[convert][io][resumable]") {
  FaultyOutputFolder folder;
  REQUIRE(write(folder));
  CHECK(done_in(folder) == content().size());
  check_placed(folder, write(folder));
  const auto at = GENERATE(std::size_t{0}, std::size_t{450}, pieces * piece_bytes - 1);
  CAPTURE(at);
  folder.files["sub/m.gguf"]->now[at] ^= 1;
  CHECK(done_in(folder) == 0);
  check_placed(folder, write(folder));
  REQUIRE(ResumableFile::forget(folder, {"sub/m.gguf"}));
  CHECK(done_in(folder) == 0);  // nothing says what it is
}

TEST_CASE("resumable_file: a full disk is told as one", "[convert][io][resumable]") {
  FaultyOutputFolder counting;
  REQUIRE(write(counting));
  for (std::uint64_t at = 0; at < counting.operations; ++at) {
    FaultyOutputFolder folder;
    folder.fail_at = at;
    folder.code = Errc::no_space;
    const auto id = write(folder);
    REQUIRE_FALSE(id);
    CHECK(id.error().code == Errc::no_space);
  }
}

TEST_CASE("resumable_file: another size than planned", "[convert][io][resumable]") {
  FaultyOutputFolder folder;
  auto file = open(folder);
  REQUIRE(file);
  REQUIRE(file->append(as_bytes("short")));
  const auto id = file->finish();
  REQUIRE_FALSE(id);
  CHECK(id.error().code == Errc::internal);
  CHECK_FALSE(folder.exists("sub/m.gguf"));
}

}  // namespace waag::convert::testing
