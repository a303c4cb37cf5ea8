#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/message.h"
#include "protocol/ids.h"

/// What another hub says of a repository, read strictly: nothing of it is a name, path or id of
/// ours before its parser has passed it. What is malformed is Errc::upstream_failed. Source:
/// HUB_API 4.
namespace waag::daemon {

/// A repository at a revision.
struct UpstreamRevision {
  RepoId repo;  // as the upstream spells it, also after a rename
  CommitId commit;
  bool is_private = false;
  bool disabled = false;
  std::string gated;                           // "", "auto" or "manual"
  std::chrono::milliseconds last_modified{0};  // 0: not said
  std::string author;
  std::string sdk;   // of spaces
  std::string etag;  // to ask with next time; "" if the upstream gives none
};

struct UpstreamLfs {
  BlobId oid;
  std::uint64_t size_bytes = 0;
  std::uint64_t pointer_bytes = 0;
};

struct UpstreamEntry {
  std::string path;
  bool is_directory = false;
  GitId oid;  // of the blob or tree; of an LFS file that of its pointer
  std::uint64_t size_bytes = 0;
  std::optional<UpstreamLfs> lfs;
  std::string xet_hash;  // 64 hex digits; "" if there is none
};

struct UpstreamRef {
  std::string name;  // "main"
  std::string ref;   // "refs/heads/main"
  CommitId commit;
};

struct UpstreamRefs {
  std::vector<UpstreamRef> branches;
  std::vector<UpstreamRef> tags;
  std::vector<UpstreamRef> converts;
  std::vector<UpstreamRef> pull_requests;  // only if asked for
};

struct UpstreamCommit {
  CommitId id;
  std::string title;
  std::string message;
  std::vector<std::string> authors;
  std::chrono::milliseconds date{0};
};

/// Of all pages of one tree.
inline constexpr std::size_t upstream_entries_max = 500'000;
inline constexpr std::size_t upstream_refs_max = 50'000;

/// @param type  of the repository asked for, which the reply does not say
Result<UpstreamRevision> parse_upstream_revision(RepoType type, std::string_view json);
/// Adds one page's entries.
Status parse_upstream_tree_page(std::string_view json, std::vector<UpstreamEntry>& entries);
/// No path twice, none below a file.
Status check_upstream_tree(const std::vector<UpstreamEntry>& entries);
Result<UpstreamRefs> parse_upstream_refs(std::string_view json);
Result<std::vector<UpstreamCommit>> parse_upstream_commits(std::string_view json);

/// Adds those of one page's repos that are in the namespace and have names that we can take.
Status parse_upstream_repo_page(RepoType type, std::string_view ns, std::string_view json,
                                std::vector<RepoId>& repos);

/// What a reply that is no success means. Only what the upstream says as a hub does is taken for
/// "no such thing": an error code, or a 401 or 404 that is no web page. All else is
/// Errc::upstream_failed, too_many_requests or deadline_exceeded, for clients remember a 404.
Error upstream_error(unsigned status, const Headers& headers);
/// Worth another try: 408, 425, 429, 500, 502, 503, 504.
bool is_transient(unsigned status);

}  // namespace waag::daemon
