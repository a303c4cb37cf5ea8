#include "daemon/api/common/entries.h"

#include "protocol/hub/dates.h"
#include "protocol/xet/merkle.h"

namespace waag::daemon {
namespace {

/// Bytes of JSON that an entry takes, about: one allocation for a whole tree.
constexpr std::size_t entry_json_bytes = 200;

void write_entry(hub::JsonWriter& json, const storage::TreeEntry& entry) {
  const bool directory = entry.type == storage::TreeEntry::Type::directory;
  json.field("type", directory ? "directory" : "file").field("oid", entry.oid.hex());
  json.field("size", entry.size_bytes).field("path", entry.path);
  if (!entry.lfs) return;
  json.key("lfs").begin_object().field("oid", entry.lfs->id.hex());
  json.field("size", entry.lfs->size_bytes).field("pointerSize", entry.lfs->pointer_bytes);
  json.end_object();
}

}  // namespace

std::string tree_json(const std::vector<storage::TreeEntry>& entries, const EntryExtras& extras) {
  hub::JsonWriter json;
  json.reserve(entries.size() * entry_json_bytes);
  json.begin_array();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    json.begin_object();
    write_entry(json, entries[i]);
    if (!extras.xet_hashes.empty() && extras.xet_hashes[i])
      json.field("xetHash", xet::xet_string(*extras.xet_hashes[i]));
    if (!extras.last_commits.empty()) {
      const auto& commit = extras.last_commits[i];
      json.key("lastCommit").begin_object().field("id", commit.id.hex());
      json.field("title", title_of(commit.message));
      json.field("date", hub::format_date(commit.date)).end_object();
    }
    json.end_object();
  }
  json.end_array();
  return json.take();
}

std::string_view title_of(std::string_view message) {
  return message.substr(0, message.find('\n'));
}

std::string_view body_of(std::string_view message) {
  const auto line_end = message.find('\n');
  if (line_end == std::string_view::npos) return {};
  auto body = message.substr(line_end + 1);
  while (body.starts_with('\n')) body.remove_prefix(1);
  while (body.ends_with('\n')) body.remove_suffix(1);
  return body;
}

}  // namespace waag::daemon
