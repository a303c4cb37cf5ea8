#include "tests/emulated_cuda/fat_binary.h"

#include <cstdint>
#include <cstring>

#include <catch2/catch.hpp>

#include "tests/emulated_cuda/memory.h"

namespace waag::emulated {
namespace {

constexpr std::uint64_t zstandard = 0x8000, another = 0x2000;
constexpr std::uint16_t kind_ptx = 1, kind_code = 2;

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// An entry whose content is `content`.
std::string entry(std::uint16_t kind, std::uint64_t flags, const std::string& content,
                  std::uint64_t expanded = 0) {
  std::string bytes(64, '\0');
  put(bytes, 0, kind);
  put(bytes, 4, std::uint32_t{64});
  put(bytes, 8, std::uint64_t{content.size()});
  put(bytes, 16, static_cast<std::uint32_t>(content.size()));
  put(bytes, 40, flags);
  put(bytes, 56, expanded);
  return bytes + content;
}

std::string binary(const std::string& entries) {
  std::string bytes(16, '\0');
  put(bytes, 0, 0xba55ed50u);
  put(bytes, 4, std::uint16_t{1});
  put(bytes, 6, std::uint16_t{16});
  put(bytes, 8, std::uint64_t{entries.size()});
  return bytes + entries;
}

std::vector<std::string> ptx_of(const std::string& bytes) {
  return ptx_of_fat_binary(bytes.data());
}

/// "aaaaaaaa" as a frame of Zstandard: one block, of one byte eight times.
std::string frame() {
  const std::string magic("\x28\xb5\x2f\xfd", 4), one_segment_of_8("\x20\x08", 2);
  const std::string last_block_repeats("\x43\x00\x00", 3);
  return magic + one_segment_of_8 + last_block_repeats + "a";
}

}  // namespace

TEST_CASE("fat_binary: the PTX among its entries, plain or compressed") {
  const auto code = entry(kind_code, 0, "machine code");
  CHECK(ptx_of(binary("")).empty());
  CHECK(ptx_of(binary(code)).empty());
  const auto found = ptx_of(binary(code + entry(kind_ptx, 0, std::string("plain\0\0", 7)) + code +
                                   entry(kind_ptx, zstandard, frame(), 8)));
  CHECK(found == std::vector<std::string>{"plain", "aaaaaaaa"});
}

TEST_CASE("fat_binary: what is refused") {
  const auto good = binary(entry(kind_ptx, zstandard, frame(), 8));
  REQUIRE(ptx_of(good).size() == 1);
  auto bad = good;
  bad[0] = 'x';
  CHECK_THROWS_AS(ptx_of(bad), Fault);
  bad = good;
  put(bad, 16 + 8, std::uint64_t{1} << 40);  // content behind the end
  CHECK_THROWS_AS(ptx_of(bad), Fault);
  bad = good;
  put(bad, 16 + 4, std::uint32_t{0});  // an entry without a header
  CHECK_THROWS_AS(ptx_of(bad), Fault);
  bad = good;
  bad[16 + 64] = 'x';  // of the frame
  CHECK_THROWS_AS(ptx_of(bad), Fault);
  CHECK_THROWS_AS(ptx_of(binary(entry(kind_ptx, zstandard, frame(), 9))), Fault);
  CHECK_THROWS_AS(ptx_of(binary(entry(kind_ptx, another, frame(), 8))), Fault);
}

}  // namespace waag::emulated
