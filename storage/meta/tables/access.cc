#include "storage/meta/tables/access.h"

#include "storage/meta/tables/repos.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t access_row_version = 1;

}  // namespace

std::string encode(const AccessRow& row) {
  ByteWriter out;
  out.fixed(access_row_version);
  out.text(row.user);
  out.fixed(static_cast<std::uint8_t>(row.status));
  out.fixed(static_cast<std::uint64_t>(row.asked.count()));
  out.text(row.fields);
  out.text(row.reason);
  out.fixed(static_cast<std::uint8_t>(row.granted));
  return out.str();
}

Result<AccessRow> decode_access(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  AccessRow row;
  row.user = in.text();
  const auto status = in.fixed<std::uint8_t>();
  row.status = AccessStatus{status};
  row.asked = TimeMs(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
  row.fields = in.text();
  row.reason = in.text();
  const auto granted = in.fixed<std::uint8_t>();
  row.granted = granted != 0;
  // A status that one cannot read must never open a door.
  if (!in.ok() || !in.at_end() || version != access_row_version || granted > 1 ||
      status > static_cast<std::uint8_t>(AccessStatus::rejected))
    return fail(Errc::corrupt, "not the row of an access request");
  return row;
}

Result<std::optional<AccessRow>> AccessTable::find(std::uint64_t uid, std::string_view user) const {
  return get_row(rows_, keys::access(uid, user), decode_access);
}

Result<std::vector<AccessRow>> AccessTable::list(std::uint64_t uid, AccessStatus status,
                                                 std::string_view after, std::size_t limit) const {
  std::string first;
  if (!after.empty()) first = keys::access(uid, after) + '\0';  // the key right after it
  std::vector<AccessRow> found;
  if (limit == 0) return found;
  WAAG_CHECK(scan_rows(rows_, keys::accesses(uid), first, decode_access,
                       [&](std::string_view, AccessRow row) {
                         if (row.status == status) found.push_back(std::move(row));
                         return found.size() < limit;
                       }));
  return found;
}

Status AccessTable::put(const RepoRow& repo, const AccessRow& row,
                        const std::optional<AccessRow>& was) {
  const auto key = keys::access(repo.uid, row.user);
  // As it is stored: a row of another version is not what encode() gives.
  WAAG_TRY(auto stored, rows_.get(key));
  std::optional<AccessRow> now;
  if (stored) {
    WAAG_TRY(now, decode_access(*stored));
  }
  if (now != was) return fail(Errc::conflict, "the access request was changed by somebody else");
  Transaction transaction;
  RepoTable::expect_alive(transaction, repo);
  transaction.expects.push_back({key, std::move(stored)});
  transaction.puts.push_back({key, encode(row)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

}  // namespace waag::storage
