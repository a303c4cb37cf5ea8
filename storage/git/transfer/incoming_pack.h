#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "protocol/git/pack_entry.h"
#include "protocol/git/zlib_stream.h"
#include "protocol/hash.h"
#include "storage/git/lru_cache.h"
#include "storage/git/transfer/id_list.h"
#include "storage/os/file_system.h"

namespace waag::storage {

/// Objects in one pushed pack: each takes some 80 bytes of memory.
inline constexpr std::size_t push_objects_max = 2'000'000;
/// Largest tree, commit or tag of a push, and largest object that may come as a delta. Of a larger
/// blob only name and size are kept: enough to refuse it.
inline constexpr std::uint64_t push_object_bytes_max = 32ull << 20;
/// Deltas of deltas. Source: git makes chains of 50, and of 250 when it is told to pack hard.
inline constexpr std::size_t delta_depth_max = 512;

/// What of a pack is taken.
struct PackLimits {
  /// Of trees, commits, tags, and of whatever comes as a delta, or is the base of one: such objects
  /// are held in memory, up to three at once.
  std::uint64_t object_bytes_max = push_object_bytes_max;
  /// Blobs that are larger and come whole are kept too, for copy().
  bool keeps_large_blobs = false;
};

/// A pack on its way in. Its bytes go to a scratch file as they come; every object is hashed, those
/// that are deltas when all is there. Holds a table of the entries and 64 MiB of objects at most,
/// besides what one object needs. Not thread-safe.
class IncomingPack {
 public:
  /// @param scratch  name of a file that does not exist; removed by the destructor
  static Result<std::unique_ptr<IncomingPack>> begin(FileSystem& fs, std::filesystem::path scratch,
                                                     PackLimits limits = {});
  ~IncomingPack();
  IncomingPack(const IncomingPack&) = delete;
  IncomingPack& operator=(const IncomingPack&) = delete;

  /// Errc::unprocessable if the bytes are no sound pack, or an object is too large.
  Status feed(ByteView bytes);
  /// After the last byte: all entries came and the pack's checksum is right; then names the deltas
  /// whose bases are known.
  Status finish();
  /// Bases that are not in the pack (it is thin), or themselves deltas of such. Empty if all
  /// objects have their names.
  [[nodiscard]] std::unordered_set<GitId> outer_bases() const;
  /// Names the rest with the help of `outer`, those of the bases that may be used; `read_base`
  /// gives them, asked for one at a time. Errc::unprocessable if some delta has no base even then.
  using ReadBase = std::function<Result<std::pair<git::ObjectKind, Bytes>>(const GitId&)>;
  Status complete(std::unordered_set<GitId> outer, ReadBase read_base);

  struct Object {
    std::uint32_t entry = 0;
    git::ObjectKind kind{git::ObjectKind::blob};
    std::uint64_t size_bytes = 0;
    bool kept = true;  // false: too large a blob
  };
  [[nodiscard]] std::optional<Object> find(const GitId& id) const;
  /// The body of an object that is kept and not larger than PackLimits::object_bytes_max.
  Result<std::shared_ptr<const Bytes>> read(const Object& object);
  /// The body of any object that is kept, in pieces.
  using Take = std::function<Status(ByteView)>;
  Status copy(const Object& object, const Take& take);
  [[nodiscard]] std::size_t objects() const { return entries_.size(); }

 private:
  static constexpr std::uint32_t no_base = 0xffffffff;
  static constexpr std::size_t cache_bytes = 64u << 20;
  struct Entry {
    std::uint64_t offset = 0;        // of the head, in the pack and in the file
    std::uint64_t stored_bytes = 0;  // inflated: the object's, or the delta's
    std::uint64_t object_bytes = 0;
    std::uint32_t base = no_base;  // entry that this one is a delta of
    std::uint8_t head_bytes = 0;
    git::EntryKind kind{git::EntryKind::blob};           // as in the pack
    git::ObjectKind object_kind{git::ObjectKind::blob};  // once it has a name
    bool named = false;
  };
  enum class State { head, entry_head, data, trailer, end };

  IncomingPack(FileSystem& fs, std::filesystem::path scratch, PackLimits limits)
      : fs_(fs), scratch_(std::move(scratch)), limits_(limits), cache_(cache_bytes) {}

  Result<std::size_t> take_head(ByteView bytes);
  Result<std::size_t> take_entry_head(ByteView bytes);
  Result<std::size_t> take_data(ByteView bytes);
  Result<std::size_t> take_trailer(ByteView bytes);
  Status begin_entry(const git::EntryHead& head);
  Status end_entry();
  [[nodiscard]] bool is_kept(const Entry& entry) const;
  void name(std::uint32_t at, git::ObjectKind kind, const GitId& id);

  Status name_deltas();
  Result<bool> find_base(std::uint32_t at);
  Result<std::shared_ptr<const Bytes>> body_of(std::uint32_t at);
  Result<Bytes> inflate(const Entry& entry) const;
  Status inflate(const Entry& entry, const Take& take) const;

  FileSystem& fs_;
  const std::filesystem::path scratch_;
  const PackLimits limits_;
  std::unique_ptr<File> file_;

  State state_{State::head};
  std::uint64_t received_bytes_ = 0;
  std::string held_;                // of a head or the trailer that has not come whole
  std::uint64_t entry_offset_ = 0;  // of the head that held_ begins with
  std::uint32_t expected_ = 0;
  Sha1 pack_hash_;
  git::Inflater inflater_;
  Sha1 object_hash_;
  std::uint64_t inflated_bytes_ = 0;
  Bytes delta_start_;
  Bytes block_;

  std::vector<Entry> entries_;
  std::unordered_map<std::uint32_t, GitId> base_ids_;  // of deltas that name their base
  std::vector<std::uint32_t> unnamed_;
  IdList ids_;
  std::vector<std::uint32_t> entry_of_;  // entry of each of ids_
  std::unordered_set<GitId> outer_;
  ReadBase read_base_;
  LruCache<std::uint32_t, Bytes> cache_;
};

}  // namespace waag::storage
