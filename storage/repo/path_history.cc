#include "storage/repo/path_history.h"

#include "storage/repo/frontier.h"

namespace waag::storage {
namespace {

/// How far back one walk goes at most; the oldest commit that it saw stands in for those behind.
constexpr std::size_t commits_max = 100'000;

/// What stands at a path in one tree after the other. Trees that lead to it and are the same as the
/// time before are not read again.
class Trail {
 public:
  Trail(ObjectCache& objects, std::string_view path) : objects_(objects) {
    for (auto rest = path;;) {
      const auto slash = rest.find('/');
      names_.push_back(rest.substr(0, slash));
      if (slash == rest.npos) break;
      rest.remove_prefix(slash + 1);
    }
  }

  Result<std::optional<EntryId>> at(GitId tree_id) {
    for (std::size_t depth = 0; depth < names_.size(); ++depth) {
      if (depth < trees_.size() && trees_[depth] == tree_id) return last_;
      trees_.resize(depth);
      trees_.push_back(tree_id);
      last_.reset();
      WAAG_TRY(const auto tree, objects_.tree(tree_id));
      const TreeLine* line = tree->find(names_[depth]);
      const bool is_last = depth + 1 == names_.size();
      if (line == nullptr || (!is_last && !line->is_directory())) break;
      if (is_last) last_ = EntryId{line->mode, line->id};
      tree_id = line->id;
    }
    return last_;
  }

 private:
  ObjectCache& objects_;
  std::vector<std::string_view> names_;
  std::vector<GitId> trees_;  // on the way, of the last call
  std::optional<EntryId> last_;
};

std::string walk_key(std::uint64_t uid, std::string_view path) {
  return std::to_string(uid) + "/" + std::string(path);
}

}  // namespace

/// One walk from a head back, which joins the one before where it meets its head.
class PathHistory::Walker {
 public:
  Walker(ObjectCache& objects, const CommitId& from, std::string_view path,
         std::shared_ptr<const Walk> before)
      : objects_(objects), frontier_(objects), trail_(objects, path), before_(std::move(before)) {
    walk_.head = from;
  }

  Status run(std::size_t wanted) {
    WAAG_CHECK(frontier_.add(walk_.head));
    for (std::size_t steps = 0; !walk_.done && !enough(wanted); ++steps)
      WAAG_CHECK(step(steps == commits_max));
    if (newer_) walk_.open = newer_->id;
    return ok();
  }

  /// Another walk may go on from its end: nothing but what is behind `open` is left.
  [[nodiscard]] bool can_go_on() const { return walk_.done || is_linear_; }
  Walk take() { return std::move(walk_); }

 private:
  [[nodiscard]] bool enough(std::size_t wanted) const {
    return newer_ && walk_.touched.size() >= wanted;
  }

  Status step(bool is_last) {
    const auto* only = frontier_.only();
    const bool meets = before_ && only != nullptr && *only == before_->head;
    std::shared_ptr<const CommitInfo> older;
    if (!is_last) {
      WAAG_TRY(older, frontier_.next());
    }
    WAAG_CHECK(go_to(older));
    is_linear_ = is_linear_ && (!older || older->parents.size() <= 1);
    if (meets && older) return join();
    return ok();
  }

  /// Judges the newer commit by what stands at the path in this one.
  Status go_to(std::shared_ptr<const CommitInfo> older) {
    std::optional<EntryId> entry;
    if (older) {
      WAAG_TRY(entry, trail_.at(older->tree));
    }
    if (newer_ && entry != entry_) walk_.touched.push_back(newer_->id);
    walk_.done = !older;
    newer_ = std::move(older);
    entry_ = entry;
    return ok();
  }

  /// What the walk before found from here on is true for this one too.
  Status join() {
    const auto before = std::move(before_);
    before_.reset();
    walk_.touched.insert(walk_.touched.end(), before->touched.begin(), before->touched.end());
    walk_.done = before->done;
    if (walk_.done || before->open == newer_->id) return ok();
    frontier_ = Frontier(objects_);
    WAAG_CHECK(frontier_.add(before->open));
    WAAG_TRY(newer_, frontier_.next());
    WAAG_TRY(entry_, trail_.at(newer_->tree));
    is_linear_ = is_linear_ && newer_->parents.size() <= 1;
    return ok();
  }

  ObjectCache& objects_;
  Frontier frontier_;
  Trail trail_;
  std::shared_ptr<const Walk> before_;  // nullptr: none, or joined
  Walk walk_;
  std::shared_ptr<const CommitInfo> newer_;  // not yet judged
  std::optional<EntryId> entry_;             // of it
  bool is_linear_ = true;
};

Result<std::shared_ptr<const PathHistory::Walk>> PathHistory::walk(std::uint64_t uid,
                                                                   const CommitId& from,
                                                                   std::string_view path,
                                                                   std::size_t wanted) {
  const auto key = walk_key(uid, path);
  auto known = walks_.find(key);
  if (known && known->head == from && (known->done || known->touched.size() >= wanted))
    return known;
  Walker walker(objects_, from, path, std::move(known));
  WAAG_CHECK(walker.run(wanted));
  const bool keeps = walker.can_go_on();
  std::shared_ptr<const Walk> walked = std::make_shared<const Walk>(walker.take());
  if (keeps)
    walks_.put(key, walked,
               sizeof(Walk) + key.size() + walked->touched.size() * CommitId::size_bytes);
  return walked;
}

Result<PathCommits> PathHistory::page(std::uint64_t uid, const CommitId& from,
                                      std::string_view path, std::size_t skip, std::size_t limit) {
  WAAG_TRY(const auto walked, walk(uid, from, path, skip + limit + 1));
  PathCommits page;
  const auto& touched = walked->touched;
  for (auto i = skip; i < touched.size() && page.commits.size() < limit; ++i) {
    WAAG_TRY(const auto commit, objects_.commit(touched[i]));
    page.commits.push_back(*commit);
  }
  page.more = touched.size() > skip + limit;
  if (walked->done) page.total = touched.size();
  return page;
}

}  // namespace waag::storage
