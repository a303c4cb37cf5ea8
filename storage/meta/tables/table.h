#pragma once

#include <string>
#include <string_view>

#include "storage/meta/keys.h"
#include "storage/meta/repo_rows.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// First byte of the values of rows that hold nothing else, or one plain field after it.
inline constexpr char plain_row_version = 1;

inline std::string plain_row(std::string_view field = {}) {
  return std::string(1, plain_row_version).append(field);
}

/// The field of a plain row. Errc::corrupt if the version is another.
inline Result<std::string> decode_plain_row(std::string_view value) {
  if (value.empty() || value.front() != plain_row_version)
    return fail(Errc::corrupt, "row of an unknown version");
  return std::string(value.substr(1));
}

/// A plain row whose field is a number.
inline std::string encode_counter(std::uint64_t count) {
  ByteWriter out;
  out.fixed(count);
  return plain_row(out.str());
}

inline Result<std::uint64_t> decode_counter(std::string_view value) {
  WAAG_TRY(const auto field, decode_plain_row(value));
  ByteReader in(as_bytes(field));
  const auto count = in.fixed<std::uint64_t>();
  if (!in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of a counter");
  return count;
}

/// The row at `key`, decoded; nullopt if there is none.
template <class Decoded>
Result<std::optional<Decoded>> get_row(const RowStore& rows, const std::string& key,
                                       Result<Decoded> (*decode)(std::string_view)) {
  WAAG_TRY(auto value, rows.get(key));
  if (!value) return std::optional<Decoded>{};
  WAAG_TRY(auto row, decode(*value));
  return std::optional<Decoded>(std::move(row));
}

/// Calls `visit(key, row)` for each row with `prefix` from `first` on until it returns false.
template <class Decoded, class Visit>
Status scan_rows(const RowStore& rows, std::string_view prefix, std::string_view first,
                 Result<Decoded> (*decode)(std::string_view), Visit visit) {
  Status inner = ok();
  WAAG_CHECK(rows.scan(prefix, first, [&](std::string_view key, std::string_view value) {
    auto row = decode(value);
    if (!row) {
      inner = std::move(row).error();
      return false;
    }
    return static_cast<bool>(visit(key, *std::move(row)));
  }));
  return inner;
}

}  // namespace waag::storage
