#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/auth/permission.h"
#include "daemon/http/message.h"
#include "storage/store.h"

/// From a routed request to the repo, commit and path that it names. One parsed value serves
/// authorisation and storage.
namespace waag::daemon {

/// The repo of the captures type, ns and name. A name that no repo can have is
/// Errc::repo_not_found: it says no more than a missing one.
Result<RepoId> repo_of(const Request& request);

/// The capture type alone; models if there is none.
RepoType type_of(const Request& request);

/// Decoded segments as one path or ref name.
std::string join_segments(std::span<const std::string> segments);

/// A revision as a client typed it, resolved.
struct Revision {
  std::string text;  // "main", "refs/pr/1", 40 hex
  CommitId commit;
  bool pinned = false;  // text is the commit id itself: the answer never changes
};

/// Branch, tag, refs/..., HEAD, commit, short hash; "None" is what old clients send for the default
/// branch (HUB_API 5.7). Errc::revision_not_found names the revision as it is printed by the Hub.
/// Blocks.
Result<Revision> resolve_revision(storage::Store& store, std::uint64_t repo_uid,
                                  std::string_view text);

/// A revision and what follows it in the path.
struct RevisionPath {
  Revision revision;
  std::string path;  // "" = root
};

/// Splits decoded segments into revision and path: the first segment if it names a revision
/// ("feat%2Fx" came as one), else the shortest longer prefix that does (clients and users also send
/// "refs/pr/1" and "feat/x" raw). "refs/..." always takes three or more. Blocks.
Result<RevisionPath> split_revision(storage::Store& store, std::uint64_t repo_uid,
                                    std::span<const std::string> segments);

/// Everything a read needs.
struct Reading {
  storage::RepoRow repo;
  Revision revision;
  std::string path;
  std::shared_ptr<const storage::Snapshot> snapshot;
};

/// Repo by right of reading, revision, path and snapshot in one blocking step.
Result<Reading> open_reading(storage::Store& store, const Identity& who, const RepoId& id,
                             std::span<const std::string> segments);

/// The error for a revision that is not there, with the text that the Hub prints.
Error revision_not_found(std::string_view revision);

/// "http://hub/datasets/ns/name"
std::string repo_url(std::string_view base_url, const RepoId& id);

/// 404 EntryNotFound with X-Repo-Commit, by which clients remember that the file is not there
/// (HUB_API 2.5).
Response entry_not_found(const CommitId& commit, std::string_view text = "Entry not found");

}  // namespace waag::daemon
