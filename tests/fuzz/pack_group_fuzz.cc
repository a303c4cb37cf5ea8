#include <algorithm>

#include "protocol/hash.h"
#include "storage/pack/codec.h"
#include "storage/pack/format.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::pack;

// Byte 0, bit 0: repair the group's checksum, so that what lies behind it is reached too. The rest
// is a file from a group's begin on.
void fuzz::run(ByteView input) {
  if (input.size() < 1 + group_header_bytes) return;
  const bool repair = (input[0] & std::byte{1}) != std::byte{0};
  Bytes file(input.begin() + 1, input.end());
  ByteReader id(ByteView(file).subspan(8));
  const PackId pack{id.fixed<std::uint64_t>()};
  const std::uint32_t begin = head_bytes;
  const auto end = begin + std::uint64_t{file.size()};
  const auto place = parse_group_header(ByteView(file).first(group_header_bytes), pack, begin, end);
  if (!place) return;
  FUZZ_REQUIRE(place->directory_end() <= place->payload_begin && place->end() <= end);
  const auto directory = std::span(file).first(place->directory_end() - begin);
  if (repair) {
    const auto crc = crc32c(directory.subspan(8));
    for (std::size_t i = 0; i < 4; ++i) directory[4 + i] = static_cast<std::byte>(crc >> (8 * i));
  }
  const auto entries = parse_directory(directory, pack, *place);
  if (!entries) return;
  FUZZ_REQUIRE(entries->size() == place->records);
  Bytes raw;
  for (const auto& entry : *entries) {
    const auto& at = entry.at;
    FUZZ_REQUIRE(at.pack == pack && at.raw_bytes <= record_bytes_max);
    FUZZ_REQUIRE(at.offset >= place->payload_begin);
    FUZZ_REQUIRE(at.offset + std::uint64_t{at.stored_bytes} <= end);
    raw.resize(std::min<std::size_t>(at.raw_bytes, 1u << 20));
    (void)decode(at.codec, ByteView(file).subspan(at.offset - begin, at.stored_bytes), raw);
  }
}

WAAG_FUZZ_TARGET
