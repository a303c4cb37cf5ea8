#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/hub/json_writer.h"
#include "storage/snapshot.h"

namespace waag::daemon {

/// What a reply tells of entries besides themselves.
struct EntryExtras {
  std::vector<storage::CommitInfo>
      last_commits{};  // one an entry if `expand` was asked, else empty
  std::vector<std::optional<FileHash>> xet_hashes{};  // one an entry, or empty: no Xet
};

/// The array of tree and paths-info (HUB_API 4.2).
std::string tree_json(const std::vector<storage::TreeEntry>& entries, const EntryExtras& extras);

/// The first line of a commit message.
std::string_view title_of(std::string_view message);

/// What follows the title, without the empty line between.
std::string_view body_of(std::string_view message);

}  // namespace waag::daemon
