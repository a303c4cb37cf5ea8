#include "protocol/bytes.h"

#include <limits>

#include <catch2/catch.hpp>

using namespace waag;

TEST_CASE("bytes: hex both ways", "[protocol][bytes]") {
  std::array<std::byte, 3> out{};
  REQUIRE(from_hex("00fFa5", out));
  CHECK(to_hex(out) == "00ffa5");
  const auto bad = GENERATE("", "00ff", "00ffa5b6", "00ffg5", "0 ffa5", "-1ffa5");
  CAPTURE(bad);
  CHECK(from_hex(bad, out).error().code == Errc::invalid_argument);
}

TEST_CASE("bytes: a reader gives back what a writer wrote", "[protocol][bytes]") {
  const auto number = GENERATE(std::uint64_t{0}, 1, 127, 128, 300, std::uint64_t{1} << 32,
                               std::numeric_limits<std::uint64_t>::max());
  ByteWriter writer;
  writer.varint(number);
  writer.fixed(std::uint16_t{0xBEEF});
  writer.fixed(number);
  writer.text("name");
  ByteReader reader(writer.bytes());
  CHECK(reader.varint() == number);
  CHECK(reader.fixed<std::uint16_t>() == 0xBEEF);
  CHECK(reader.fixed<std::uint64_t>() == number);
  CHECK(reader.text() == "name");
  CHECK(reader.ok());
  CHECK(reader.at_end());
}

TEST_CASE("bytes: a short read yields nothing and stays noticed", "[protocol][bytes]") {
  ByteWriter writer;
  writer.varint(1'000'000);  // a length that is not there
  writer.raw(as_bytes("abc"));
  ByteReader reader(writer.bytes());
  CHECK(reader.text().empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.fixed<std::uint32_t>() == 0);
  CHECK(reader.varint() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("bytes: a varint that never ends or is too large is refused", "[protocol][bytes]") {
  const std::vector<std::byte> endless(16, std::byte{0xFF});
  ByteReader reader(endless);
  CHECK(reader.varint() == 0);
  CHECK_FALSE(reader.ok());
  std::vector<std::byte> too_large(9, std::byte{0x80});
  too_large.push_back(std::byte{2});  // bit 64
  ByteReader second(too_large);
  CHECK(second.varint() == 0);
  CHECK_FALSE(second.ok());
}
