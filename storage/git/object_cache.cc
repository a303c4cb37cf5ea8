#include "storage/git/object_cache.h"

#include <algorithm>
#include <cassert>

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"
#include "storage/meta/mirror/mirror_rows.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

/// Commits are small beside trees: this share of the memory holds the history of many pages.
constexpr std::size_t commit_share = 8;
/// Trees, which every question needs, get half of the memory, facts of files the rest.
constexpr std::size_t tree_share = 2;

/// Our own object does not parse or is missing: the caller did nothing wrong.
Error corrupt(const Error& error) { return fail(Errc::corrupt, error.what, error.where); }

std::size_t weight_of(const Tree& tree) {
  std::size_t bytes = sizeof(Tree) + tree.blocks.capacity() * sizeof(Tree::Block);
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

/// One line in 64 is the last of its block.
bool ends_block(const TreeLine& line) {
  constexpr auto lines_mean = 64;
  return std::to_integer<int>(line.id.bytes.back()) % lines_mean == 0;
}

/// Names a block by what its facts depend on.
GitId key_of(std::span<const TreeLine> lines) {
  Sha1 hash;
  for (const auto& line : lines) {
    hash.update(line.id.view());
    hash.update(as_bytes(std::string_view(is_blob(line) ? "b" : "-")));
    hash.update(as_bytes(std::string_view(line.mode == git::mode_symlink ? "l" : "-")));
  }
  return hash.finish();
}

}  // namespace

Tree::Tree(std::vector<TreeLine> sorted) : lines(std::move(sorted)) {
  for (std::size_t begin = 0; begin < lines.size(); begin = blocks.back().end) {
    auto end = begin;
    while (end < lines.size() && !ends_block(lines[end])) ++end;
    end = std::min(end + 1, lines.size());
    blocks.push_back({end, key_of(std::span(lines).subspan(begin, end - begin))});
  }
}

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
      trees_(bytes_max / tree_share),
      facts_(bytes_max - bytes_max / tree_share - bytes_max / commit_share),
      commits_(bytes_max / commit_share) {}

Result<std::shared_ptr<const Tree>> ObjectCache::tree(const GitId& id) {
  if (auto cached = trees_.find(id)) return cached;
  auto body = read_object(rows_, packs_, id, git::ObjectKind::tree);
  if (!body) return corrupt(body.error());
  auto entries = git::parse_tree(*body);
  if (!entries) return corrupt(entries.error());
  std::vector<TreeLine> lines;
  lines.reserve(entries->size());
  for (auto& entry : *entries) lines.push_back({std::move(entry.name), entry.mode, entry.id});
  auto tree = std::make_shared<const Tree>(std::move(lines));
  trees_.put(id, tree, weight_of(*tree));
  return std::shared_ptr<const Tree>(std::move(tree));
}

Result<std::shared_ptr<const std::vector<FileFacts>>> ObjectCache::facts(
    const GitId& key, std::span<const TreeLine> lines) {
  if (auto cached = facts_.find(key)) return cached;
  WAAG_TRY(auto found, look_up(lines));
  const auto weight = sizeof(found) + found.size() * sizeof(FileFacts);
  auto shared = std::make_shared<const std::vector<FileFacts>>(std::move(found));
  facts_.put(key, shared, weight);
  return shared;
}

Result<std::vector<FileFacts>> ObjectCache::look_up(std::span<const TreeLine> lines) const {
  std::vector<std::string> wanted;
  for (const auto& line : lines) {
    if (!is_blob(line)) continue;
    wanted.push_back(keys::lfs_pointer(line.id));
    wanted.push_back(keys::git_object(line.id));
  }
  WAAG_TRY(const auto rows, rows_.get_many(wanted));
  std::vector<FileFacts> block;
  block.reserve(lines.size());
  std::size_t next = 0;
  for (const auto& line : lines) {
    auto& facts = block.emplace_back();
    if (!is_blob(line)) continue;
    const auto& pointer = rows[next++];
    const auto& object = rows[next++];
    if (pointer && line.mode != git::mode_symlink) {
      WAAG_TRY(const auto row, decode_lfs_pointer(*pointer));
      facts.lfs = LfsInfo{row.blob, row.size_bytes, row.pointer_bytes};
      facts.size_bytes = row.size_bytes;
    } else if (object) {
      WAAG_TRY(const auto at, decode_location(*object));
      facts.size_bytes = at.raw_bytes;
    } else {
      WAAG_TRY(facts, look_up_large(line));
    }
  }
  return block;
}

Result<FileFacts> ObjectCache::look_up_large(const TreeLine& line) const {
  WAAG_TRY(const auto row, rows_.get(keys::large_git_blob(line.id)));
  if (!row) return look_up_listed(line);
  WAAG_TRY(const auto blob, decode_large_git_blob(*row));
  WAAG_TRY(const auto value, rows_.get(keys::blob(blob)));
  if (!value) return fail(Errc::corrupt, "blob " + blob.hex() + " has no manifest");
  WAAG_TRY(const auto manifest, decode_manifest(*value));
  return FileFacts{manifest.size_bytes, std::nullopt};
}

/// A file of a mirrored repo that has not come yet.
Result<FileFacts> ObjectCache::look_up_listed(const TreeLine& line) const {
  WAAG_TRY(const auto size, get_row(rows_, keys::listed_size(line.id), decode_counter));
  if (!size) return fail(Errc::corrupt, "a tree names git blob " + line.id.hex() + ", not here");
  return FileFacts{*size, std::nullopt};
}

Result<FileFacts> FactsReader::at(std::size_t line) {
  const auto& lines = tree_.lines;
  assert(line < lines.size());
  if (line < begin_ || line >= end_) {
    const auto found = std::ranges::upper_bound(tree_.blocks, line, {}, &Tree::Block::end);
    begin_ = found == tree_.blocks.begin() ? 0 : std::prev(found)->end;
    end_ = found->end;
    auto block = objects_.facts(found->key, std::span(lines).subspan(begin_, end_ - begin_));
    if (!block) {
      begin_ = end_ = 0;
      return std::move(block).error();
    }
    block_ = *std::move(block);
  }
  return (*block_)[line - begin_];
}

Result<std::shared_ptr<const CommitInfo>> ObjectCache::commit(const CommitId& id) {
  if (auto cached = commits_.find(id)) return cached;
  auto body = read_object(rows_, packs_, git::to_git_id(id), git::ObjectKind::commit);
  if (!body && body.error().code == Errc::not_found) return claimed(id, body.error());
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

/// Not kept: the commit itself may come any time, and its row is small.
Result<std::shared_ptr<const CommitInfo>> ObjectCache::claimed(const CommitId& id,
                                                               const Error& missing) const {
  WAAG_TRY(auto row, get_row(rows_, keys::claimed_commit(id), decode_claimed_commit));
  if (!row) return corrupt(missing);
  auto info = std::make_shared<CommitInfo>();
  info->id = id;
  info->tree = row->tree;
  info->author_name = std::move(row->author);
  info->date = row->date;
  info->message = std::move(row->title);
  return std::shared_ptr<const CommitInfo>(std::move(info));
}

Result<bool> ObjectCache::is_claimed(const CommitId& id) const {
  WAAG_TRY(const auto object, rows_.get(keys::git_object(git::to_git_id(id))));
  return !object;
}

}  // namespace waag::storage
