#include "storage/git/mirror_push.h"

#include <algorithm>
#include <array>

#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Rows of one look-up, and of one transaction.
constexpr std::size_t batch_rows_max = 50'000;

constexpr std::array<std::string_view, 4> ref_kinds = {"refs/heads/", "refs/tags/", "refs/pr/",
                                                       "refs/convert/"};

Status forget(RowStore& rows, std::vector<std::string> claims) {
  WAAG_TRY(const auto found, rows.get_many(claims));
  Transaction transaction;
  for (std::size_t i = 0; i < claims.size(); ++i)
    if (found[i]) transaction.dels.push_back(std::move(claims[i]));
  if (!transaction.dels.empty()) WAAG_CHECK(rows.apply(std::move(transaction)));
  return ok();
}

}  // namespace

bool is_mirrored_ref(std::string_view name) {
  return std::ranges::any_of(ref_kinds, [&](auto kind) { return name.starts_with(kind); });
}

Result<MirrorPlan> plan_mirror(const Parts& parts, std::uint64_t uid,
                               const std::map<std::string, GitId>& wanted,
                               const std::function<bool(std::string_view name)>& selected) {
  MirrorPlan plan;
  WAAG_TRY(const auto refs, parts.refs.list(uid));
  std::map<std::string_view, GitId> now;
  std::map<GitId, CommitId> tags;
  for (const auto& ref : refs) {
    const auto& tag = ref.row.tag_object;
    now[ref.name] = tag.is_zero() ? git::to_git_id(ref.row.target) : tag;
    if (!tag.is_zero()) tags[tag] = ref.row.target;
    const bool stays = wanted.contains(ref.name) || ref.name == head_branch || !selected(ref.name);
    if (!stays) plan.request.commands.push_back({now[ref.name], {}, ref.name});
  }
  std::map<GitId, bool> held;
  for (const auto& [name, id] : wanted) {
    const auto [at, first] = held.emplace(id, false);
    if (first) {
      const auto tag = tags.find(id);
      const auto commit = tag == tags.end() ? CommitId{id.bytes} : tag->second;
      WAAG_TRY(at->second, holds_commit(parts, uid, commit));
      if (!at->second) plan.wants.push_back(id);
    }
    const auto found = now.find(name);
    const auto from = found == now.end() ? GitId{} : found->second;
    if (from != id || !at->second) plan.request.commands.push_back({from, id, name});
  }
  return plan;
}

Result<bool> holds_commit(const Parts& parts, std::uint64_t uid, const CommitId& id) {
  WAAG_TRY(const bool known, parts.refs.knows(uid, id));
  if (!known) return false;
  WAAG_TRY(const auto rows,
           parts.rows.get_many({keys::git_object(git::to_git_id(id)), keys::claimed_commit(id)}));
  if (!rows[0] || rows[1]) return false;
  WAAG_TRY(const auto at, decode_location(*rows[0]));
  return at.kind == RecordKind::git_commit;
}

Status forget_claims(RowStore& rows, const IdList& objects) {
  std::vector<std::string> claims;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto& [id, kind] = objects[i];
    if (kind == git::ObjectKind::commit) claims.push_back(keys::claimed_commit({id.bytes}));
    if (kind == git::ObjectKind::blob) claims.push_back(keys::listed_size(id));
    if (claims.size() < batch_rows_max) continue;
    WAAG_CHECK(forget(rows, std::move(claims)));
    claims.clear();
  }
  return claims.empty() ? ok() : forget(rows, std::move(claims));
}

}  // namespace waag::storage
