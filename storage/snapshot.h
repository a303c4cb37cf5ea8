#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/meta/repo_rows.h"

namespace waag::storage {

struct LfsInfo {
  BlobId id;
  std::uint64_t size_bytes = 0;
  std::uint32_t pointer_bytes = 0;  // length of the pointer text
};

/// One line of a tree.
struct TreeEntry {
  enum class Type : std::uint8_t { file, directory };
  Type type{Type::file};
  std::string path;              // full, from the root
  std::uint32_t mode = 0100644;  // git mode
  GitId oid;                     // git blob (of the pointer for LFS) or tree
  std::uint64_t size_bytes = 0;  // real size; 0 for directories
  std::optional<LfsInfo> lfs;
};

struct CommitInfo {
  CommitId id;
  GitId tree;
  std::vector<CommitId> parents;
  std::string author_name;
  std::string author_email;
  TimeMs date{};        // committer's
  std::string message;  // whole; title is the first line
};

/// The commits that changed one path, a page of them.
struct PathCommits {
  std::vector<CommitInfo> commits;
  bool more = false;                   // there are others behind these
  std::optional<std::uint64_t> total;  // unless it would have taken a look further back
};

/// What stands at a path, without what that holds.
struct EntryId {
  std::uint32_t mode = 0;
  GitId oid;
  bool operator==(const EntryId&) const = default;
};

/// In which order the entries of a folder are listed; each folder stands before what is in it.
enum class ListOrder { git, folders_first };

/// One commit's files, read-only and immutable. Cheap to copy. Thread-safe. All calls may block.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  [[nodiscard]] virtual const CommitInfo& commit() const = 0;
  /// The file or directory at `path` ("" is the root). Errc::entry_not_found.
  virtual Result<TreeEntry> stat(std::string_view path) const = 0;
  /// Its id alone, which costs less; nullopt if nothing is there.
  virtual Result<std::optional<EntryId>> find(std::string_view path) const = 0;
  /// Calls `visit` with the name of each entry of a directory; of none if there is no such one.
  virtual Status each_name(std::string_view path,
                           const std::function<void(std::string_view)>& visit) const = 0;
  /// Entries below the directory `path`.
  /// @param after  full path of the last entry seen (paging); "" from the start
  /// @param limit  at most this many; 0 = all
  virtual Result<std::vector<TreeEntry>> list(std::string_view path, bool recursive,
                                              std::string_view after, std::size_t limit,
                                              ListOrder order = ListOrder::git) const = 0;
};

class ObjectCache;

/// The files of `commit`, read through `objects`, which must outlive the snapshot.
std::shared_ptr<const Snapshot> make_snapshot(ObjectCache& objects,
                                              std::shared_ptr<const CommitInfo> commit);

}  // namespace waag::storage
