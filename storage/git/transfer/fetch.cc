#include "storage/git/transfer/fetch.h"

#include <algorithm>
#include <unordered_map>

#include "protocol/git/stream/pack_writer.h"
#include "protocol/git/stream/raw_writer.h"
#include "storage/git/transfer/object_list.h"
#include "storage/git/transfer/reachable.h"

namespace waag::storage {
namespace {

/// Held commits whose trees are looked into besides those next to what is sent: they spare a
/// shallow client its files.
constexpr std::size_t held_trees_max = 16;
/// With more wanted commits than that the client is not told early that enough is common.
constexpr std::size_t ready_wants_max = 64;
/// How far back the history is searched for a single tree or blob.
constexpr std::size_t search_commits_max = 20'000;
/// Tags of tags of tags.
constexpr int tag_depth_max = 16;

}  // namespace

Result<std::unique_ptr<GitFetch>> GitFetch::open(const Parts& parts, std::uint64_t uid,
                                                 git::FetchRequest request) {
  std::unique_ptr<GitFetch> fetch(new GitFetch(parts, uid, std::move(request)));
  WAAG_CHECK(fetch->sort_wants());
  WAAG_CHECK(fetch->find_common());
  if (fetch->request_.deepen.asked()) WAAG_CHECK(fetch->find_shallow());
  return fetch;
}

/// A commit that the repo knows, the object of an annotated tag of it, or something in its trees.
Status GitFetch::sort_wants() {
  WAAG_TRY(const auto refs, parts_.refs.list(uid_));
  std::unordered_map<GitId, CommitId> tags;
  for (const auto& ref : refs)
    if (!ref.row.tag_object.is_zero()) tags[ref.row.tag_object] = ref.row.target;
  std::unordered_set<GitId> strangers;
  for (const auto& id : request_.wants) {
    const CommitId commit{id.bytes};
    if (const auto tag = tags.find(id); tag != tags.end()) {
      WAAG_CHECK(add_tag_chain(id, tag->second));
      continue;
    }
    WAAG_TRY(const bool known, parts_.refs.knows(uid_, commit));
    if (known)
      commits_.push_back(commit);
    else
      strangers.insert(id);
  }
  return check_strangers(strangers);
}

Status GitFetch::check_strangers(const std::unordered_set<GitId>& strangers) {
  WAAG_TRY(const auto missing, not_reachable(parts_, uid_, strangers, search_commits_max));
  for (const auto& id : request_.wants) {
    if (missing.contains(id)) return fail(Errc::not_found, "not our ref " + id.hex());
    if (!strangers.contains(id)) continue;
    const auto row = parts_.rows.get(keys::git_object(id));
    if (!row) return row.error();
    auto kind = git::ObjectKind::blob;
    if (*row) {
      WAAG_TRY(const auto at, decode_location(**row));
      if (at.kind == RecordKind::git_tree) kind = git::ObjectKind::tree;
    }
    singles_.add(id, kind);
  }
  return ok();
}

/// The tag's object, and those between it and the commit.
Status GitFetch::add_tag_chain(const GitId& tag, const CommitId& target) {
  commits_.push_back(target);
  GitId at = tag;
  for (int depth = 0; depth < tag_depth_max; ++depth) {
    singles_.add(at, git::ObjectKind::tag);
    WAAG_TRY(const auto body, read_object(parts_.rows, parts_.packs, at, git::ObjectKind::tag));
    WAAG_TRY(const auto parsed, git::parse_tag(body));
    if (parsed.kind != git::ObjectKind::tag) return ok();
    at = parsed.object;
  }
  return fail(Errc::corrupt, "a tag leads to too many others");
}

Status GitFetch::find_common() {
  CommitSet seen;
  for (const auto& id : request_.haves) {
    if (!seen.insert(id).second) continue;
    WAAG_TRY(const bool known, parts_.refs.knows(uid_, id));
    if (known) common_.push_back(id);
  }
  for (const auto& id : request_.shallow) {
    WAAG_TRY(const bool known, parts_.refs.knows(uid_, id));
    if (known) client_shallow_.push_back(id);
  }
  return ok();
}

Status GitFetch::find_shallow() {
  ShallowRequest wanted{commits_, client_shallow_, {}};
  for (const auto& name : request_.deepen.not_refs) {
    std::optional<RefRow> row;
    for (const auto* prefix : {"", "refs/", "refs/tags/", "refs/heads/"}) {
      if (row) break;
      WAAG_TRY(row, parts_.refs.find(uid_, prefix + name));
    }
    if (!row) return fail(Errc::invalid_argument, "deepen-not is not a ref: " + name);
    wanted.excluded.push_back(row->target);
  }
  WAAG_TRY(shallow_, cut_history(parts_.objects, request_.deepen, wanted));
  return ok();
}

Result<bool> GitFetch::ready() const {
  if (common_.empty() || commits_.size() > ready_wants_max) return false;
  return all_reach(parts_.objects, commits_, CommitSet(common_.begin(), common_.end()));
}

Result<std::unique_ptr<ObjectSource>> GitFetch::pack() const {
  WAAG_TRY(auto objects, missing());
  return std::make_unique<ObjectSource>(parts_.rows, parts_.packs, std::move(objects),
                                        std::make_unique<git::PackWriter>());
}

Result<std::unique_ptr<ObjectSource>> GitFetch::raw() const {
  WAAG_TRY(auto objects, missing());
  return std::make_unique<ObjectSource>(parts_.rows, parts_.packs, std::move(objects),
                                        std::make_unique<git::RawWriter>());
}

Result<IdList> GitFetch::missing() const {
  RangeRequest wanted{commits_, common_, shallow_.cut,
                      CommitSet(client_shallow_.begin(), client_shallow_.end())};
  if (!request_.deepen.asked()) wanted.cut = wanted.held_cut;
  for (const auto& id : shallow_.unshallow) {
    // The client has the commit, and gets what it lacked behind it.
    WAAG_TRY(const auto commit, parts_.objects.commit(id));
    wanted.wanted.insert(wanted.wanted.end(), commit->parents.begin(), commit->parents.end());
  }
  WAAG_TRY(const auto range, commit_range(parts_.objects, wanted));
  ObjectLister lister(parts_, request_.filter, fetch_objects_max);
  for (const auto& tree : range.edges) WAAG_CHECK(lister.hold(tree));
  if (!range.commits.empty()) {
    const auto count = std::min(common_.size(), held_trees_max);
    for (std::size_t i = 0; i < count; ++i) {
      WAAG_TRY(const auto commit, parts_.objects.commit(common_[i]));
      WAAG_CHECK(lister.hold(commit->tree));
    }
  }
  for (const auto& line : range.commits)
    WAAG_CHECK(lister.add(git::to_git_id(line.commit), git::ObjectKind::commit));
  for (std::size_t i = 0; i < singles_.size(); ++i) {
    const auto& [id, kind] = singles_[i];
    WAAG_CHECK(kind == git::ObjectKind::tree ? lister.add_tree(id) : lister.add(id, kind));
  }
  if (request_.include_tag) WAAG_CHECK(add_included_tags(range, lister));
  for (const auto& line : range.commits) WAAG_CHECK(lister.add_tree(line.tree));
  return lister.take();
}

/// Annotated tags of commits that are sent go with them.
Status GitFetch::add_included_tags(const CommitRange& range, ObjectLister& lister) const {
  CommitSet sent;
  for (const auto& line : range.commits) sent.insert(line.commit);
  WAAG_TRY(const auto refs, parts_.refs.list(uid_));
  for (const auto& ref : refs) {
    if (ref.row.tag_object.is_zero() || !sent.contains(ref.row.target)) continue;
    WAAG_CHECK(lister.add(ref.row.tag_object, git::ObjectKind::tag));
  }
  return ok();
}

}  // namespace waag::storage
