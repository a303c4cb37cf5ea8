#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "protocol/git/object.h"
#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

/// The git objects that one change makes (small files, pointer blobs, trees, the commit): each
/// once, those that the store lacks collected into groups and written as the groups fill. They
/// become durable and known together, by the transaction that settle() fills; of a change of very
/// many objects the first ones go before. Holds some 2 MiB, and the largest single object besides.
/// Not thread-safe. After an error it is of no more use.
class ObjectWriter {
 public:
  /// Both must outlive this.
  ObjectWriter(RowStore& rows, PackSet& packs) : rows_(rows), packs_(packs) {}

  /// @return the object's id; the store may have it already
  Result<GitId> add(git::ObjectKind kind, std::string body);
  /// Writes what is still held: each added object is now in the store or has a place.
  Status flush();
  /// Where an added object lies that the store does not know yet, as far as flushed; else nullptr.
  [[nodiscard]] const Location* place(const GitId& id) const;

  /// Makes all that was added durable and puts its extents and look-up rows on `transaction`. May
  /// be called again with a fresh transaction if that one was not applied.
  Status settle(Transaction& transaction);
  /// To be called when the transaction was applied.
  void settled();
  /// Of objects that no change will bring in after all: if the store had damaged records of some,
  /// they become durable and known now.
  Status publish_repairs();

 private:
  struct Object {
    git::ObjectKind kind{};
    GitId id;
    std::string body;
  };
  Status noted(Status status);
  Status write_held();
  Status publish();

  RowStore& rows_;
  PackSet& packs_;
  std::optional<Error> failed_;
  std::vector<Object> held_;
  std::unordered_set<GitId> held_ids_;
  std::size_t held_bytes_ = 0;
  std::unique_ptr<PackWriter> writer_;
  std::unordered_map<GitId, Location> places_;  // written, not yet known to the store
  std::vector<PackExtent> extents_;             // synced, not yet known to the store
  std::vector<Row> damaged_;                    // records that are written again
};

/// The body of a tree, commit, tag or small blob. Errc::not_found if the store has no such record,
/// Errc::corrupt if it is of another kind or fails its check.
Result<Bytes> read_object(RowStore& rows, PackSet& packs, const GitId& id, git::ObjectKind kind);

}  // namespace waag::storage
