#include "storage/git/object_cache.h"

#include <algorithm>

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Commits are small beside trees: this share of the memory holds the history of many pages.
constexpr std::size_t commit_share = 8;

/// Our own object does not parse or is missing: the caller did nothing wrong.
Error corrupt(const Error& error) { return fail(Errc::corrupt, error.what, error.where); }

std::size_t weight_of(const Tree& tree) {
  std::size_t bytes = sizeof(Tree);
  for (const auto& line : tree.lines) bytes += sizeof(TreeLine) + line.name.capacity();
  return bytes;
}

std::size_t weight_of(const CommitInfo& commit) {
  return sizeof(CommitInfo) + commit.message.capacity() + commit.author_name.capacity() +
         commit.author_email.capacity() + commit.parents.size() * sizeof(CommitId);
}

bool is_blob(const TreeLine& line) {
  return line.mode != git::mode_directory && line.mode != git::mode_gitlink;
}

}  // namespace

const TreeLine* Tree::find(std::string_view name) const {
  git::GitTreeEntry wanted{git::mode_file, std::string(name), {}};
  const auto before = [](const TreeLine& line, const git::GitTreeEntry& entry) {
    return git::tree_order({line.mode, line.name, {}}, entry);
  };
  // A name has one of two places, depending on what it is.
  for (const auto mode : {git::mode_file, git::mode_directory}) {
    wanted.mode = mode;
    const auto at = std::lower_bound(lines.begin(), lines.end(), wanted, before);
    if (at != lines.end() && at->name == name) return &*at;
  }
  return nullptr;
}

ObjectCache::ObjectCache(RowStore& rows, PackSet& packs, std::size_t bytes_max)
    : rows_(rows),
      packs_(packs),
      trees_(bytes_max - bytes_max / commit_share),
      commits_(bytes_max / commit_share) {}

Result<std::shared_ptr<const Tree>> ObjectCache::tree(const GitId& id) {
  if (auto cached = trees_.find(id)) return cached;
  auto body = read_object(rows_, packs_, id, git::ObjectKind::tree);
  if (!body) return corrupt(body.error());
  auto entries = git::parse_tree(*body);
  if (!entries) return corrupt(entries.error());
  auto tree = std::make_shared<Tree>();
  tree->lines.reserve(entries->size());
  for (auto& entry : *entries)
    tree->lines.push_back({std::move(entry.name), entry.mode, entry.id, 0, std::nullopt});
  WAAG_CHECK(look_up(tree->lines));
  trees_.put(id, tree, weight_of(*tree));
  return std::shared_ptr<const Tree>(std::move(tree));
}

Status ObjectCache::look_up(std::vector<TreeLine>& lines) const {
  std::vector<std::string> wanted;
  for (const auto& line : lines) {
    if (!is_blob(line)) continue;
    wanted.push_back(keys::lfs_pointer(line.id));
    wanted.push_back(keys::git_object(line.id));
  }
  WAAG_TRY(const auto rows, rows_.get_many(wanted));
  std::size_t next = 0;
  for (auto& line : lines) {
    if (!is_blob(line)) continue;
    const auto& pointer = rows[next++];
    const auto& object = rows[next++];
    if (pointer && line.mode != git::mode_symlink) {
      WAAG_TRY(const auto row, decode_lfs_pointer(*pointer));
      line.lfs = LfsInfo{row.blob, row.size_bytes, row.pointer_bytes};
      line.size_bytes = row.size_bytes;
    } else if (object) {
      WAAG_TRY(const auto at, decode_location(*object));
      line.size_bytes = at.raw_bytes;
    } else {
      WAAG_CHECK(look_up_large(line));
    }
  }
  return ok();
}

Status ObjectCache::look_up_large(TreeLine& line) const {
  WAAG_TRY(const auto row, rows_.get(keys::large_git_blob(line.id)));
  if (!row) return fail(Errc::corrupt, "a tree names git blob " + line.id.hex() + ", not here");
  WAAG_TRY(const auto blob, decode_large_git_blob(*row));
  WAAG_TRY(const auto value, rows_.get(keys::blob(blob)));
  if (!value) return fail(Errc::corrupt, "blob " + blob.hex() + " has no manifest");
  WAAG_TRY(const auto manifest, decode_manifest(*value));
  line.size_bytes = manifest.size_bytes;
  return ok();
}

Result<std::shared_ptr<const CommitInfo>> ObjectCache::commit(const CommitId& id) {
  if (auto cached = commits_.find(id)) return cached;
  auto body = read_object(rows_, packs_, git::to_git_id(id), git::ObjectKind::commit);
  if (!body) return corrupt(body.error());
  auto parsed = git::parse_commit(*body);
  if (!parsed) return corrupt(parsed.error());
  auto info = std::make_shared<CommitInfo>();
  info->id = id;
  info->tree = parsed->tree;
  info->parents = std::move(parsed->parents);
  info->author_name = std::move(parsed->author.name);
  info->author_email = std::move(parsed->author.email);
  info->date = std::chrono::seconds(parsed->committer.unix_seconds);
  info->message = std::move(parsed->message);
  commits_.put(id, info, weight_of(*info));
  return std::shared_ptr<const CommitInfo>(std::move(info));
}

}  // namespace waag::storage
