#pragma once

#include <set>
#include <string>
#include <vector>

#include "daemon/http/message.h"
#include "protocol/hub/json_writer.h"
#include "storage/snapshot.h"

namespace waag::daemon {

/// Which fields of a repo a reply has (HUB_API 4.1).
class RepoFields {
 public:
  /// From `expand` (then only those and the ids) or all, with `blobs`. An unknown expand value is
  /// Errc::invalid_argument with the text whose list clients parse.
  static Result<RepoFields> parse(const Query& query, RepoType type);
  /// Items of a list: of `expand` as above, else the light fields; with `full` also the files.
  static Result<RepoFields> for_list(const Query& query, RepoType type);

  [[nodiscard]] bool has(std::string_view field) const;
  [[nodiscard]] bool blobs() const { return blobs_; }
  [[nodiscard]] bool needs_files() const { return has("siblings") || has("usedStorage"); }

 private:
  std::set<std::string, std::less<>> only_;  // of expand; empty = all but without_
  std::set<std::string, std::less<>> without_;
  bool blobs_ = false;
};

/// "gated": false, "auto" or "manual".
void write_gate(hub::JsonWriter& json, storage::Gate gate);

/// Writes one repo object. @param files  the whole tree, recursive, if needs_files()
void write_repo(hub::JsonWriter& json, const RepoFields& fields, const storage::RepoRow& repo,
                const storage::CommitInfo* head, const std::vector<storage::TreeEntry>& files);

/// "_id": 24 hex digits, as clients expect of it.
std::string object_id_text(std::uint64_t uid);

}  // namespace waag::daemon
