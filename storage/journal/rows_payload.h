#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "protocol/bytes.h"
#include "storage/pack/location.h"

namespace waag::storage {
struct Transaction;
}

namespace waag::storage::journal {

/// What a `rows` frame says: extents first, because recovery wants them without the rows.
/// Applied in this order: rows derived from extents, puts, dels. Views into the payload.
struct RowsView {
  std::vector<PackExtent> extents;
  std::vector<std::pair<std::string_view, std::string_view>> puts;
  std::vector<std::string_view> dels;
};

Bytes encode_rows(const Transaction& transaction);
/// Errc::corrupt if it is not what encode_rows wrote.
Result<RowsView> decode_rows(ByteView payload);

void encode_extents(ByteWriter& out, const std::vector<PackExtent>& extents);
/// Reads what encode_extents wrote; the caller checks in.ok().
std::vector<PackExtent> decode_extents(ByteReader& in);

}  // namespace waag::storage::journal
