#pragma once

#include <condition_variable>
#include <unordered_map>

#include "storage/pack/open_pack.h"

namespace waag::storage::pack {

/// The packs that are appended to, by class, and who has one just now. Thread-safe.
class OpenPool {
 public:
  OpenPool(FileSystem& fs, Random& random, std::filesystem::path packs,
           const PackSet::Options& options)
      : fs_(fs), random_(random), packs_(std::move(packs)), options_(options) {}

  /// Takes over a pack that recovery opened.
  void adopt(std::shared_ptr<OpenPack> pack);
  [[nodiscard]] std::shared_ptr<OpenPack> find(PackId pack) const;
  [[nodiscard]] std::vector<PackId> list() const;

  /// Appends a group to a pack of `kind`: to `last` if that is free and has room, else to another
  /// free one, else to a new one; waits while open_packs_max groups of the class are being written.
  /// Seals packs that have no room left.
  /// @param last  in: where this stream's last group went, or nullptr; out: where this one went
  Result<std::vector<Location>> append(PackClass kind, GroupBuilder& builder,
                                       std::span<const RecordIn> records,
                                       std::shared_ptr<OpenPack>& last, PackExtent& extent);

 private:
  struct Class {
    std::vector<std::shared_ptr<OpenPack>> free;
    std::uint32_t busy = 0;
  };
  Class& of(PackClass kind) { return classes_[static_cast<std::size_t>(kind)]; }
  /// The free pack to use, `last` first; nullptr if there is none.
  std::shared_ptr<OpenPack> take(PackClass kind, const std::shared_ptr<OpenPack>& last);
  void give_back(std::shared_ptr<OpenPack> pack);
  Result<std::shared_ptr<OpenPack>> make(PackClass kind);
  Status seal(const std::shared_ptr<OpenPack>& pack);
  [[nodiscard]] bool has_room(const OpenPack& pack, std::uint64_t group_bytes) const;
  Result<std::shared_ptr<OpenPack>> pack_with_room(PackClass kind, std::uint64_t group_bytes,
                                                   const std::shared_ptr<OpenPack>& last);

  FileSystem& fs_;
  Random& random_;
  std::filesystem::path packs_;
  PackSet::Options options_;
  std::mutex
      make_mutex_;  // one at a time: a folder's name is durable before the next pack relies on it
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::array<Class, 2> classes_;
  std::unordered_map<PackId, std::shared_ptr<OpenPack>> open_;
};

}  // namespace waag::storage::pack
