#include "storage/journal/frame.h"

#include <catch2/catch.hpp>

#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;
using waag::testing::MemoryFileSystem;
using Outcome = FrameScanner::Outcome;

namespace {

constexpr std::uint64_t salt = 0x1122334455667788;

struct Scanned {
  MemoryFileSystem fs;
  std::unique_ptr<File> file;
  explicit Scanned(const Bytes& bytes) {
    fs.put("/f", bytes);
    file = *fs.open("/f", OpenMode::read);
  }
  [[nodiscard]] FrameScanner scanner() const { return {*file, salt, *file->size(), 0}; }
};

}  // namespace

TEST_CASE("frame: header layout is fixed and every byte of it is checked", "[storage][journal]") {
  const auto bytes = encode(FileHeader{FileKind::log, 7, salt});
  REQUIRE(bytes.size() == file_header_bytes);
  CHECK(as_text(bytes).starts_with("WAAGJRNL"));
  const auto header = decode_file_header(bytes, FileKind::log);
  REQUIRE(header);
  CHECK(header->first_seq == 7);
  CHECK(header->salt == salt);
  CHECK_FALSE(decode_file_header(bytes, FileKind::checkpoint));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{1};
    CHECK(decode_file_header(damaged, FileKind::log).error().code == Errc::corrupt);
    CHECK_FALSE(decode_file_header(ByteView(bytes).first(at), FileKind::log));
  }
}

TEST_CASE("frame: frames of any size come back, also beyond the window", "[storage][journal]") {
  Bytes bytes;
  std::vector<Bytes> payloads;
  for (const std::size_t size : {0u, 1u, 1000u, 300'000u, 5u, 1'000'000u}) {
    payloads.emplace_back(size, static_cast<std::byte>(size));
    append_frame(bytes, {salt, bytes.size(), payloads.size(), payloads.size() - 1}, FrameType::rows,
                 payloads.back());
  }
  const Scanned scanned(bytes);
  auto scanner = scanned.scanner();
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    REQUIRE(*scanner.next() == Outcome::frame);
    CHECK(scanner.frame().seq == i + 1);
    CHECK(scanner.frame().durable_seq == i);
    CHECK(std::equal(payloads[i].begin(), payloads[i].end(), scanner.frame().payload.begin(),
                     scanner.frame().payload.end()));
  }
  CHECK(*scanner.next() == Outcome::end);
}

TEST_CASE("frame: a flipped bit anywhere, another place or salt make it bad",
          "[storage][journal]") {
  Bytes bytes;
  append_frame(bytes, {salt, 0, 1, 0}, FrameType::rows, as_bytes("payload"));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const Scanned scanned(damaged);
    CHECK(*scanned.scanner().next() == Outcome::bad);
  }
  Bytes elsewhere;
  append_frame(elsewhere, {salt, 1, 1, 0}, FrameType::rows, as_bytes("payload"));
  CHECK(*Scanned(elsewhere).scanner().next() == Outcome::bad);
  Bytes salted;
  append_frame(salted, {salt + 1, 0, 1, 0}, FrameType::rows, as_bytes("payload"));
  CHECK(*Scanned(salted).scanner().next() == Outcome::bad);
}

TEST_CASE("frame: only a later frame with a high enough durable_seq proves", "[storage][journal]") {
  const auto proves = [](std::uint64_t durable_seq) {
    Bytes bytes(33, std::byte{0xee});  // frame 5 was here
    append_frame(bytes, {salt, bytes.size(), 6, durable_seq}, FrameType::rows, as_bytes("x"));
    const Scanned scanned(bytes);
    auto scanner = scanned.scanner();
    REQUIRE(*scanner.next() == Outcome::bad);
    return *scanner.proves_durable(5);
  };
  CHECK_FALSE(proves(4));
  CHECK(proves(5));
}
