#pragma once

#include <memory>

#include "protocol/git/zlib_stream.h"
#include "protocol/hash.h"
#include "storage/blob_reader.h"
#include "storage/git/transfer/id_list.h"

namespace waag::storage {

/// A git pack of given objects, made while it is read: each object whole, none as a delta, in the
/// order given. Holds the list, one object of up to a block, and what is not read yet. The same
/// list gives the same bytes. Blocks; not thread-safe; the store must outlive it.
class PackSource {
 public:
  PackSource(RowStore& rows, PackSet& packs, IdList objects);

  [[nodiscard]] std::size_t objects() const { return objects_.size(); }
  /// The next bytes; fewer than `out` holds only at the end, then 0.
  Result<std::size_t> read(std::span<std::byte> out);

 private:
  Status make_more();
  Status begin_object(const IdList::Item& item);
  Status add_part_of_blob();
  void emit(std::string_view bytes);

  RowStore& rows_;
  PackSet& packs_;
  IdList objects_;
  std::size_t next_ = 0;
  std::unique_ptr<BlobReader> blob_;  // the one that is being written
  std::uint64_t blob_at_ = 0;
  Bytes block_;
  git::Deflater deflater_;
  Sha1 hash_;
  bool trailer_made_ = false;
  std::string ready_;  // made and not read, from ready_at_ on
  std::size_t ready_at_ = 0;
};

}  // namespace waag::storage
