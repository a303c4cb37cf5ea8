#include "storage/pack/location.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t location_version = 1;

}  // namespace

std::string pack_name(PackId pack) {
  const auto value = static_cast<std::uint64_t>(pack);
  std::array<std::byte, 8> big_endian{};
  for (std::size_t i = 0; i < big_endian.size(); ++i)
    big_endian[i] = static_cast<std::byte>(value >> (56 - 8 * i));
  return to_hex(big_endian);
}

std::string encode(const Location& at) {
  ByteWriter out;
  out.fixed(location_version);
  out.fixed(static_cast<std::uint64_t>(at.pack));
  out.fixed(at.record);
  out.fixed(at.offset);
  out.fixed(at.stored_bytes);
  out.fixed(at.raw_bytes);
  out.fixed(at.crc);
  out.fixed(static_cast<std::uint8_t>(at.kind));
  out.fixed(static_cast<std::uint8_t>(at.codec));
  out.fixed(static_cast<std::uint8_t>(at.dtype));
  out.fixed(at.phase);
  return out.str();
}

Result<Location> decode_location(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  Location at;
  at.pack = PackId{in.fixed<std::uint64_t>()};
  at.record = in.fixed<std::uint32_t>();
  at.offset = in.fixed<std::uint32_t>();
  at.stored_bytes = in.fixed<std::uint32_t>();
  at.raw_bytes = in.fixed<std::uint32_t>();
  at.crc = in.fixed<std::uint32_t>();
  at.kind = RecordKind{in.fixed<std::uint8_t>()};
  at.codec = Codec{in.fixed<std::uint8_t>()};
  at.dtype = Dtype{in.fixed<std::uint8_t>()};
  at.phase = in.fixed<std::uint8_t>();
  if (!in.ok() || !in.at_end() || version != location_version)
    return fail(Errc::corrupt, "not the row of a record's location");
  return at;
}

}  // namespace waag::storage
