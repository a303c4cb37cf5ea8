#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/api/lists/repo_fields.h"
#include "daemon/catalog/listed_repo.h"
#include "protocol/hub/json_writer.h"
#include "storage/snapshot.h"

namespace waag::daemon {

/// One repo at one commit, as replies show it.
struct ShownRepo {
  const storage::RepoRow& repo;
  const Summary& summary;
  Popularity popularity;
  const std::vector<storage::TreeEntry>& files;  // the whole tree, if fields.needs_files()
  std::optional<std::uint64_t> children{};       // models made from this one, if that was counted
  std::optional<std::uint64_t> used_storage{};   // likewise
  bool xet_enabled = false;                      // of the hub
};

/// Writes one repo object with those of the fields that are known.
void write_repo(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown);

/// "gated": false, "auto" or "manual".
void write_gate(hub::JsonWriter& json, storage::Gate gate);

/// "_id": 24 hex digits, as clients expect of it.
std::string object_id_text(std::uint64_t uid);

}  // namespace waag::daemon
