#include "protocol/hash.h"
#include "storage/pack/format.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::pack;

namespace {

void put_u32(std::span<std::byte> out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace

// Byte 0, bit 0: repair both checksums, so that what lies behind them is reached too. The rest is a
// file's end, its beginning being `missing` bytes of zeros that are not held.
void fuzz::run(ByteView input) {
  if (input.size() < 1 + trailer_bytes) return;
  const bool repair = (input[0] & std::byte{1}) != std::byte{0};
  Bytes file(input.begin() + 1, input.end());
  const auto missing = align_up(file.size()) + head_bytes - file.size();
  const auto file_bytes = missing + file.size();
  const auto tail = std::span(file).last(trailer_bytes);
  ByteReader fields(ByteView(tail).subspan(8));
  const PackId pack{fields.fixed<std::uint64_t>()};
  fields.raw(4);
  const auto begin = fields.fixed<std::uint32_t>();
  const auto groups = fields.fixed<std::uint32_t>();
  const auto records = fields.fixed<std::uint32_t>();
  const auto footer_bytes =
      std::uint64_t{groups} * footer_group_bytes + std::uint64_t{records} * entry_bytes;
  const bool held = begin >= missing && begin - missing <= file.size() &&
                    footer_bytes <= file.size() - (begin - missing);
  if (repair) {
    if (held)
      put_u32(tail.subspan(32), crc32c(ByteView(file).subspan(begin - missing, footer_bytes)));
    put_u32(tail.subspan(60), crc32c(ByteView(tail).first(60)));
  }
  const auto trailer = parse_trailer(tail, pack, file_bytes);
  if (!trailer) return;
  FUZZ_REQUIRE(trailer->footer_begin + trailer->footer_bytes() + trailer_bytes <= file_bytes);
  if (!held) return;
  const auto footer = ByteView(file).subspan(begin - missing, footer_bytes);
  const auto entries = parse_footer(footer, *trailer);
  if (!entries) return;
  FUZZ_REQUIRE(entries->size() == trailer->records);
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const auto& at = (*entries)[i].at;
    FUZZ_REQUIRE(at.record == i && at.offset >= head_bytes && at.raw_bytes <= record_bytes_max);
    FUZZ_REQUIRE(at.offset + std::uint64_t{at.stored_bytes} <= trailer->footer_begin);
  }
}

WAAG_FUZZ_TARGET
