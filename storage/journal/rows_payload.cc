#include "storage/journal/rows_payload.h"

#include <algorithm>

#include "storage/meta/row_store.h"

namespace waag::storage::journal {
namespace {

constexpr std::size_t extent_bytes = 24;

/// A count that the rest of the payload could hold: what a reader may reserve.
std::size_t plausible(const ByteReader& in, std::uint64_t count, std::size_t bytes_each) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(count, in.left() / bytes_each));
}

}  // namespace

void encode_extents(ByteWriter& out, const std::vector<PackExtent>& extents) {
  out.varint(extents.size());
  for (const auto& extent : extents) {
    out.fixed(static_cast<std::uint64_t>(extent.pack));
    out.fixed(extent.begin);
    out.fixed(extent.end);
    out.fixed(extent.first_record);
    out.fixed(extent.records);
  }
}

std::vector<PackExtent> decode_extents(ByteReader& in) {
  const auto count = in.varint();
  std::vector<PackExtent> extents;
  extents.reserve(plausible(in, count, extent_bytes));
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    PackExtent extent;
    extent.pack = PackId{in.fixed<std::uint64_t>()};
    extent.begin = in.fixed<std::uint32_t>();
    extent.end = in.fixed<std::uint32_t>();
    extent.first_record = in.fixed<std::uint32_t>();
    extent.records = in.fixed<std::uint32_t>();
    extents.push_back(extent);
  }
  return extents;
}

Bytes encode_rows(const Transaction& transaction) {
  ByteWriter out;
  encode_extents(out, transaction.extents);
  out.varint(transaction.puts.size());
  for (const auto& row : transaction.puts) {
    out.text(row.key);
    out.text(row.value);
  }
  out.varint(transaction.dels.size());
  for (const auto& key : transaction.dels) out.text(key);
  return out.take();
}

Result<RowsView> decode_rows(ByteView payload) {
  ByteReader in(payload);
  const auto text = [&in] { return as_text(in.raw(in.varint())); };
  RowsView rows;
  rows.extents = decode_extents(in);
  const auto puts = in.varint();
  rows.puts.reserve(plausible(in, puts, 2));
  for (std::uint64_t i = 0; i < puts && in.ok(); ++i) {
    const auto key = text();
    rows.puts.emplace_back(key, text());
  }
  const auto dels = in.varint();
  rows.dels.reserve(plausible(in, dels, 1));
  for (std::uint64_t i = 0; i < dels && in.ok(); ++i) rows.dels.push_back(text());
  if (!in.ok() || !in.at_end()) return fail(Errc::corrupt, "journal frame with damaged rows");
  return rows;
}

}  // namespace waag::storage::journal
