#pragma once

#include <chrono>
#include <cstring>
#include <string>

#include "protocol/ids.h"

/// What the encoders and decoders of rows share.
namespace waag::storage {

using TimeMs = std::chrono::milliseconds;  // since 1970, UTC

inline void put_time(ByteWriter& out, TimeMs time) {
  out.fixed(static_cast<std::uint64_t>(time.count()));
}

inline TimeMs get_time(ByteReader& in) {
  return TimeMs(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
}

template <class Id>
void get_id(ByteReader& in, Id& id) {
  const auto raw = in.raw(Id::size_bytes);
  if (raw.size() == Id::size_bytes) std::memcpy(id.bytes.data(), raw.data(), raw.size());
}

/// What every decoder checks at its end: nothing short, nothing left over, a version that it knows.
template <class Row>
Result<Row> checked_row(const ByteReader& in, std::uint8_t version, Row row, const char* what,
                        std::uint8_t newest = 1) {
  if (!in.ok() || !in.at_end() || version < 1 || version > newest)
    return fail(Errc::corrupt, std::string("not the row of a ") + what);
  return row;
}

}  // namespace waag::storage
