#include "storage/meta/tables/links.h"

namespace waag::storage {

Result<bool> LinkTable::has(std::uint64_t uid, const BlobId& id) const {
  WAAG_TRY(const auto row, rows_.get(keys::link(uid, id)));
  return row.has_value();
}

void LinkTable::add(Transaction& transaction, std::uint64_t uid, const BlobId& id) {
  transaction.puts.push_back({keys::link(uid, id), plain_row()});
  transaction.puts.push_back({keys::holder(id, uid), plain_row()});
}

void LinkTable::remove(Transaction& transaction, std::uint64_t uid, const BlobId& id) {
  transaction.dels.push_back(keys::link(uid, id));
  transaction.dels.push_back(keys::holder(id, uid));
}

Result<std::vector<BlobId>> LinkTable::of(std::uint64_t uid) const {
  std::vector<BlobId> found;
  WAAG_CHECK(rows_.scan(keys::links(uid), "", [&](std::string_view key, std::string_view) {
    found.push_back(keys::last_hash<BlobId>(key));
    return true;
  }));
  return found;
}

Result<std::vector<std::uint64_t>> LinkTable::holders(const BlobId& id, std::size_t limit) const {
  std::vector<std::uint64_t> found;
  if (limit == 0) return found;
  WAAG_CHECK(rows_.scan(keys::holders(id), "", [&](std::string_view key, std::string_view) {
    found.push_back(keys::last_number(key));
    return found.size() < limit;
  }));
  return found;
}

Result<bool> LinkTable::has_uploaded(std::string_view user, std::uint64_t uid,
                                     const BlobId& id) const {
  WAAG_TRY(const auto row, rows_.get(keys::upload(user, uid, id)));
  return row.has_value();
}

Transaction LinkTable::possession(std::string_view user, std::uint64_t uid, const BlobId& id) {
  Transaction transaction;
  transaction.puts.push_back({keys::upload(user, uid, id), plain_row()});
  return transaction;
}

}  // namespace waag::storage
