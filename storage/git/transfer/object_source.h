#pragma once

#include <memory>

#include "protocol/git/stream/object_writer.h"
#include "storage/blob_reader.h"
#include "storage/git/transfer/id_list.h"

namespace waag::storage {

/// Given git objects, whole and in the order given, spelt while they are read: as a pack, or raw.
/// Holds the list, one object of up to a block, and what is not read yet. The same list gives the
/// same bytes. Blocks; not thread-safe; the store must outlive it.
class ObjectSource {
 public:
  ObjectSource(RowStore& rows, PackSet& packs, IdList objects,
               std::unique_ptr<git::ObjectWriter> writer);

  [[nodiscard]] std::size_t objects() const { return objects_.size(); }
  /// The next bytes; fewer than `out` holds only at the end, then 0.
  Result<std::size_t> read(std::span<std::byte> out);

 private:
  Status make_more();
  Status begin_object(const IdList::Item& item);
  Status add_part_of_blob();

  RowStore& rows_;
  PackSet& packs_;
  IdList objects_;
  std::unique_ptr<git::ObjectWriter> writer_;
  std::size_t next_ = 0;
  std::unique_ptr<BlobReader> blob_;  // the one that is being written
  std::uint64_t blob_at_ = 0;
  Bytes block_;
  bool ended_ = false;
  std::string ready_;  // made and not read, from ready_at_ on
  std::size_t ready_at_ = 0;
};

}  // namespace waag::storage
