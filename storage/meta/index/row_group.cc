#include "storage/meta/index/row_group.h"

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

constexpr char repo_kind = 'o';
constexpr char blob_kind = 'b';

bool counts(std::string_view key) { return key.front() == repo_kind || key.front() == blob_kind; }

}  // namespace

Result<RowCounts> counts_of(std::string_view key, std::string_view value) {
  RowCounts found;
  if (key.front() == repo_kind) found.repos = 1;
  if (key.front() == blob_kind) {
    WAAG_TRY(const auto manifest, decode_manifest(value));
    found.blobs = 1;
    found.logical_bytes = manifest.size_bytes;
  }
  return found;
}

std::vector<std::string> counted_rows() { return {keys::all(repo_kind), keys::all(blob_kind)}; }

Result<bool> RowGroup::meets(const Transaction& transaction, bool& looked_at_group) const {
  for (const auto& expect : transaction.expects) {
    if (const auto changed = changed_.find(expect.key); changed != changed_.end()) {
      looked_at_group = true;
      if (changed->second != expect.value) return false;
      continue;
    }
    WAAG_TRY(const auto value, index_.get(expect.key, nullptr));
    if (value != expect.value) return false;
  }
  return true;
}

void RowGroup::take(const Transaction& transaction, IndexBatch& batch) {
  for (const auto* rows : {&transaction.derived, &transaction.puts}) {
    for (const auto& row : *rows) {
      batch.put(row.key, row.value);
      set(row.key, row.value);
    }
  }
  for (const auto& key : transaction.dels) {
    batch.del(key);
    set(key, std::nullopt);
  }
}

void RowGroup::set(std::string_view key, std::optional<std::string_view> value) {
  if (count_ && counts(key)) count_ = count(key, value).has_value();
  changed_[key] = value;
}

Status RowGroup::count(std::string_view key, std::optional<std::string_view> value) {
  RowCounts before;
  if (const auto changed = changed_.find(key); changed == changed_.end()) {
    WAAG_TRY(const auto held, index_.get(key, nullptr));
    if (held) {
      WAAG_TRY(before, counts_of(key, *held));
    }
  } else if (changed->second) {
    WAAG_TRY(before, counts_of(key, *changed->second));
  }
  RowCounts after;
  if (value) {
    WAAG_TRY(after, counts_of(key, *value));
  }
  counts_ -= before;
  counts_ += after;
  return ok();
}

std::optional<RowCounts> RowGroup::counted() const {
  if (!count_) return std::nullopt;
  return counts_;
}

}  // namespace waag::storage
