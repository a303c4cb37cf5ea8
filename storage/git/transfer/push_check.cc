#include "storage/git/transfer/push_check.h"

#include <algorithm>
#include <limits>

#include "protocol/git/path.h"
#include "storage/blob_reader.h"
#include "storage/git/mirror_push.h"
#include "storage/git/transfer/reachable.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

using git::ObjectKind;

/// Files of one commit, counted in every place: few trees can name very many.
constexpr std::uint64_t files_max = 10'000'000;
/// Longest target of a symlink. Source: PATH_MAX of Linux.
constexpr std::uint64_t symlink_bytes_max = 4096;
constexpr int tag_depth_max = 16;

Error refuse(std::string what) { return fail(Errc::unprocessable, std::move(what)); }

std::string join(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

}  // namespace

std::size_t symlink_climb(std::string_view target) {
  if (target.starts_with('/')) return std::numeric_limits<std::size_t>::max() / 2;
  std::size_t depth = 0;
  std::size_t climb = 0;
  while (!target.empty()) {
    const auto name = target.substr(0, target.find('/'));
    target.remove_prefix(std::min(name.size() + 1, target.size()));
    if (name.empty() || name == ".") continue;
    if (name != "..")
      ++depth;
    else if (depth > 0)
      --depth;
    else
      ++climb;
  }
  return climb;
}

Error PushCheck::missing(std::string_view what, std::string_view hex) {
  lacks_objects_ = true;
  return refuse("missing " + std::string(what) + " " + std::string(hex));
}

Result<bool> PushCheck::knows(const CommitId& id) const {
  return rules_.mirror ? holds_commit(parts_, uid_, id) : parts_.refs.knows(uid_, id);
}

Result<PushedTip> PushCheck::add_tip(const GitId& id) {
  const auto object = pack_.find(id);
  if (object && object->kind == ObjectKind::tag) return peel(id);
  if (object && object->kind != ObjectKind::commit)
    return refuse("a ref must lead to a commit, " + id.hex() + " is none");
  const CommitId commit{id.bytes};
  WAAG_TRY(const bool known, knows(commit));
  if (known) return PushedTip{commit, {}};
  if (object) {
    WAAG_CHECK(add_commits(commit));
    return PushedTip{commit, {}};
  }
  WAAG_TRY(const auto refs, parts_.refs.list(uid_));
  for (const auto& ref : refs)
    if (ref.row.tag_object == id) return PushedTip{ref.row.target, id};
  return missing("object", id.hex());
}

/// Down to the commit; the tags on the way are kept.
Result<PushedTip> PushCheck::peel(const GitId& tag) {
  GitId at = tag;
  for (int depth = 0; depth < tag_depth_max; ++depth) {
    const auto object = pack_.find(at);
    if (!object || object->kind != ObjectKind::tag) {
      WAAG_TRY(const auto tip, add_tip(at));
      return PushedTip{tip.commit, tag};
    }
    WAAG_TRY(const auto body, pack_.read(*object));
    const auto parsed = git::parse_tag(*body);
    if (!parsed) return refuse("tag " + at.hex() + " is malformed: " + parsed.error().what);
    found_.objects.add(at, ObjectKind::tag);
    if (parsed->kind != ObjectKind::commit && parsed->kind != ObjectKind::tag)
      return refuse("tag " + parsed->name + " is not of a commit");
    at = parsed->object;
  }
  return refuse("tags of tags of tags");
}

/// All commits that the tip brings: depth first, so that parents come before children.
Status PushCheck::add_commits(const CommitId& tip) {
  std::vector<Step> path;
  auto status = walk(tip, path);
  // What leads to a refused commit is refused for every further tip that leads there.
  if (!status)
    for (const auto& step : path) commits_refused_.insert(step.commit);
  return status;
}

Status PushCheck::walk(const CommitId& tip, std::vector<Step>& path) {
  WAAG_CHECK(enter(tip, path));
  while (!path.empty()) {
    auto& step = path.back();
    if (step.next < step.parents.size()) {
      const auto parent = step.parents[step.next++];
      WAAG_CHECK(enter(parent, path));
      continue;
    }
    found_.objects.add(git::to_git_id(step.commit), ObjectKind::commit);
    found_.commits.push_back(step.commit);
    path.pop_back();
  }
  return ok();
}

/// Puts a commit that is new on the path.
Status PushCheck::enter(const CommitId& id, std::vector<Step>& path) {
  if (commits_refused_.contains(id)) return refuse("it leads to commit " + id.hex() + ", refused");
  if (!commits_seen_.insert(id).second) return ok();
  WAAG_TRY(const bool known, knows(id));
  if (known) return ok();
  path.push_back({id, {}, 0});
  const auto object = pack_.find(git::to_git_id(id));
  if (!object || object->kind != ObjectKind::commit) return missing("commit", id.hex());
  WAAG_TRY(const auto body, pack_.read(*object));
  auto commit = git::parse_commit(*body);
  if (!commit) return refuse("commit " + id.hex() + " is malformed: " + commit.error().what);
  WAAG_CHECK(check_root(commit->tree, id));
  path.back().parents = std::move(commit->parents);
  return ok();
}

Status PushCheck::check_root(const GitId& tree, const CommitId& commit) {
  WAAG_TRY(const auto facts, check_tree(tree, Place{}));
  if (facts.climb > 0)
    return refuse("symlink " + facts.climber + " in commit " + commit.hex() + " leaves the tree");
  if (facts.depth > git::path_depth_max || facts.path_bytes > git::path_bytes_max)
    return refuse("commit " + commit.hex() + " has too long a path");
  return ok();
}

// Depth is bounded by Place::level. Trees that are not in the pack are walked too: two trees that
// are not too deep may be so one within the other.
Result<PushCheck::TreeFacts> PushCheck::check_tree(const GitId& id, const Place& place) {
  if (const auto known = trees_.find(id); known != trees_.end()) return known->second;
  if (place.level > git::path_depth_max) return refuse("too deep a folder: " + place.path);
  Place below = place;
  if (!place.outer && !pack_.find(id)) {
    outer_[id] = ObjectKind::tree;
    below.outer = true;
  }
  WAAG_TRY(const auto entries, entries_of(id, below));
  TreeFacts facts;
  below.level = place.level + 1;
  for (const auto& entry : entries) {
    below.path = join(place.path, entry.name);
    WAAG_CHECK(check_entry(entry, below, facts));
  }
  if (facts.files > files_max) return refuse("too many files");
  if (!below.outer) found_.objects.add(id, ObjectKind::tree);
  trees_[id] = facts;
  return facts;
}

Result<std::vector<git::GitTreeEntry>> PushCheck::entries_of(const GitId& id, const Place& place) {
  if (place.outer) {
    const auto body = read_object(parts_.rows, parts_.packs, id, ObjectKind::tree);
    if (!body) return missing("object", id.hex());
    return git::parse_tree(*body);
  }
  const auto object = pack_.find(id);
  if (object->kind != ObjectKind::tree) return refuse(id.hex() + " is not a tree");
  WAAG_TRY(const auto body, pack_.read(*object));
  auto entries = git::parse_tree(*body);
  if (!entries) return refuse("folder \"" + place.path + "\": " + entries.error().what);
  return entries;
}

Status PushCheck::check_entry(const git::GitTreeEntry& entry, const Place& place,
                              TreeFacts& facts) {
  const auto segment = git::check_path_segment(entry.name);
  if (!segment) return refuse("\"" + place.path + "\": " + segment.error().what);
  if (entry.mode == git::mode_gitlink && !rules_.mirror)
    return refuse("\"" + place.path + "\": submodules are not supported");
  auto path_bytes = entry.name.size();
  if (entry.mode == git::mode_directory) {
    WAAG_TRY(const auto below, check_tree(entry.id, place));
    path_bytes += 1 + below.path_bytes;
    facts.depth = std::max(facts.depth, below.depth + 1);
    facts.files = std::min(facts.files + below.files, files_max + 1);
    if (below.climb > 1 && below.climb - 1 > facts.climb) {
      facts.climb = below.climb - 1;
      facts.climber = join(entry.name, below.climber);
    }
  } else if (entry.mode != git::mode_gitlink) {
    ++facts.files;
    if (!place.outer) WAAG_CHECK(check_file(entry, place));
    if (entry.mode == git::mode_symlink) WAAG_CHECK(check_symlink(entry, place, facts));
  }
  facts.path_bytes = std::max(facts.path_bytes, path_bytes);
  return ok();
}

/// A file, or a symlink, of a tree in the pack.
Status PushCheck::check_file(const git::GitTreeEntry& entry, const Place& place) {
  const auto object = pack_.find(entry.id);
  if (!object) {
    outer_[entry.id] = ObjectKind::blob;
    return ok();
  }
  if (object->kind != ObjectKind::blob) return refuse("\"" + place.path + "\" is not a file");
  if (object->size_bytes > rules_.blob_bytes_max && !rules_.mirror)
    return refuse("\"" + place.path + "\" has " + std::to_string(object->size_bytes) +
                  " bytes: files larger than " + std::to_string(rules_.blob_bytes_max) +
                  " bytes must be stored with git-lfs (git lfs track)");
  found_.objects.add(entry.id, ObjectKind::blob);
  if (entry.mode == git::mode_symlink || object->size_bytes >= lfs::pointer_bytes_limit ||
      found_.pointers.contains(entry.id))
    return ok();
  WAAG_TRY(const auto body, pack_.read(*object));
  const auto pointer = lfs::parse_pointer(*body);
  if (pointer)
    found_.pointers[entry.id] = {place.path, *pointer, static_cast<std::uint32_t>(body->size())};
  return ok();
}

Status PushCheck::check_symlink(const git::GitTreeEntry& entry, const Place& place,
                                TreeFacts& facts) {
  WAAG_TRY(const auto target, target_of(entry.id, place));
  const auto climb = symlink_climb(as_text(target));
  if (climb > facts.climb) {
    facts.climb = climb;
    facts.climber = entry.name;
  }
  return ok();
}

Result<Bytes> PushCheck::target_of(const GitId& symlink, const Place& place) {
  const auto too_long = refuse("\"" + place.path + "\": too long a symlink");
  const auto object = pack_.find(symlink);
  if (object && !place.outer) {
    if (object->size_bytes > symlink_bytes_max) return too_long;
    WAAG_TRY(const auto body, pack_.read(*object));
    return *body;
  }
  const auto reader = open_git_blob(parts_.rows, parts_.packs, symlink);
  if (!reader) return missing("object", symlink.hex());
  if ((*reader)->size_bytes() > symlink_bytes_max) return too_long;
  Bytes target((*reader)->size_bytes());
  WAAG_CHECK((*reader)->read(0, target));
  return target;
}

Result<PushedObjects> PushCheck::finish() {
  std::unordered_set<GitId> named;
  for (const auto& [id, kind] : outer_) named.insert(id);
  WAAG_TRY(const auto lacking,
           not_reachable(parts_, uid_, std::move(named), std::numeric_limits<std::size_t>::max()));
  if (!lacking.empty()) return missing("object", lacking.begin()->hex());
  WAAG_CHECK(check_outer_kinds());
  return std::move(found_);
}

/// A tree of the repo under the name of a file, or the other way round, would be no tree.
Status PushCheck::check_outer_kinds() const {
  std::vector<std::string> wanted;
  for (const auto& [id, kind] : outer_) wanted.push_back(keys::git_object(id));
  WAAG_TRY(const auto rows, parts_.rows.get_many(wanted));
  std::size_t next = 0;
  for (const auto& [id, kind] : outer_) {
    const auto& row = rows[next++];
    auto stored = RecordKind::git_blob;  // a large one has no such row
    if (row) {
      WAAG_TRY(const auto at, decode_location(*row));
      stored = at.kind;
    }
    const auto named = kind == ObjectKind::tree ? RecordKind::git_tree : RecordKind::git_blob;
    if (stored != named) return refuse(id.hex() + " is not what its tree says");
  }
  return ok();
}

}  // namespace waag::storage
