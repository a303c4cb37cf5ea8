#pragma once

#include <list>

#include "protocol/xet/shard.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// The rows of the last few xorbs that were asked for: a shard names the same ones again and again.
class XorbRows {
 public:
  explicit XorbRows(const RowStore& rows) : rows_(rows) {}
  /// nullptr if the store does not hold it. Valid until the next call.
  Result<const XorbRow*> find(const XorbHash& xorb);

 private:
  static constexpr std::size_t kept_max = 8;
  struct Entry {
    XorbHash xorb;
    XorbRow row;
  };
  const RowStore& rows_;
  std::list<Entry> kept_;  // last used first
};

struct CheckedFile {
  std::uint64_t size_bytes = 0;
  std::vector<Term> terms;
};

/// Holds a file of a shard against what the store has: every xorb is here, each term lies within
/// it and has its length, the range hashes prove that the sender knows the chunks, and the file's
/// hash is that of its chunks. Errc::unprocessable otherwise.
Result<CheckedFile> check_file(XorbRows& xorbs, const xet::ShardFile& file);

/// A xorb of a shard lists the chunks that the store's xorb has. Errc::unprocessable otherwise.
Status check_xorb(XorbRows& xorbs, const xet::ShardXorb& xorb);

}  // namespace waag::storage
