#include "storage/meta/tables/repos.h"

#include <set>
#include <unordered_set>

#include "storage/check/examiner.h"
#include "storage/git/object_cache.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/mirror/mirror_rows.h"
#include "storage/meta/tables/refs.h"

namespace waag::storage::check {
namespace {

constexpr std::size_t cache_bytes = 16u << 20;
constexpr int tag_depth_max = 16;

/// Walks one repo from its refs to its last file.
class RepoCheck {
 public:
  RepoCheck(const Examiner& examiner, const RepoRow& repo)
      : examiner_(examiner),
        repo_(repo),
        refs_(examiner.rows),
        objects_(examiner.rows, examiner.packs, cache_bytes),
        about_("repo " + repo.id.full_name() + ": ") {}

  void run() {
    check_refs();
    const auto commits = refs_.commits(repo_.uid);
    if (!examiner_.good(commits, about_ + "commits")) return;
    for (const auto& commit : *commits) check_commit(commit);
    check_links();
    const auto mirror = get_row(examiner_.rows, keys::mirror(repo_.uid), decode_mirror);
    if (examiner_.good(mirror, about_ + "mirror") && mirror->has_value() != repo_.mirrored)
      examiner_.problem(about_ + "its row and that of its mirror disagree");
  }

 private:
  void check_refs() {
    const auto refs = refs_.list(repo_.uid);
    if (!examiner_.good(refs, about_ + "refs")) return;
    for (const auto& ref : *refs) {
      ++examiner_.report.refs;
      check_known(ref.row.target, ref.name);
      if (!ref.row.tag_object.is_zero()) check_tag(ref);
      const auto log = refs_.log(repo_.uid, ref.name);
      if (!examiner_.good(log, about_ + ref.name)) continue;
      if (log->empty() || log->back().to != ref.row.target)
        examiner_.problem(about_ + ref.name + " differs from its log");
    }
  }

  /// An annotated tag leads, maybe by others, to the commit that its row names.
  void check_tag(const Ref& ref) {
    GitId at = ref.row.tag_object;
    for (int depth = 0; depth < tag_depth_max; ++depth) {
      const auto body = read_object(examiner_.rows, examiner_.packs, at, git::ObjectKind::tag);
      if (!examiner_.good(body, about_ + ref.name)) return;
      const auto tag = git::parse_tag(*body);
      if (!examiner_.good(tag, about_ + ref.name)) return;
      at = tag->object;
      if (tag->kind == git::ObjectKind::tag) continue;
      if (at != git::to_git_id(ref.row.target))
        examiner_.problem(about_ + ref.name + ": its tag object names another commit");
      return;
    }
    examiner_.problem(about_ + ref.name + " leads to too many tags");
  }

  void check_known(const CommitId& commit, const std::string& from) {
    const auto known = refs_.knows(repo_.uid, commit);
    if (examiner_.good(known, about_ + from) && !*known)
      examiner_.problem(about_ + from + " names commit " + commit.hex() + " that the repo lacks");
  }

  void check_commit(const CommitId& id) {
    ++examiner_.report.commits;
    const auto commit = objects_.commit(id);
    if (!examiner_.good(commit, about_ + "commit " + id.hex())) return;
    for (const auto& parent : (*commit)->parents) check_known(parent, "commit " + id.hex());
    check_tree((*commit)->tree);
  }

  void check_tree(const GitId& id) {
    if (!trees_seen_.insert(id).second) return;
    const auto tree = objects_.tree(id);
    if (!examiner_.good(tree, about_ + "tree " + id.hex())) return;
    FactsReader reader(objects_, **tree);
    for (std::size_t i = 0; i < (*tree)->lines.size(); ++i) {
      const auto& line = (*tree)->lines[i];
      if (line.is_directory()) {
        check_tree(line.id);
        continue;
      }
      const auto facts = reader.at(i);  // finds a location for the file's bytes
      if (!examiner_.good(facts, about_ + "tree " + id.hex())) return;
      if (facts->lfs)
        need_link(facts->lfs->id, line.name);
      else if (line.mode != git::mode_gitlink)
        check_regular(line);
    }
  }

  void check_regular(const TreeLine& line) {
    const auto about = about_ + line.name;
    const auto object = get_row(examiner_.rows, keys::git_object(line.id), decode_location);
    if (!examiner_.good(object, about)) return;
    if (*object) {
      if ((*object)->kind != RecordKind::git_blob) examiner_.problem(about + " is no blob");
      return;
    }
    const auto large =
        get_row(examiner_.rows, keys::large_git_blob(line.id), decode_large_git_blob);
    if (examiner_.good(large, about) && *large) return need_link(**large, line.name);
    // The facts were found: so the file is one that an upstream has listed.
    if (!repo_.mirrored) examiner_.problem(about + ": no bytes, and the repo is no mirror");
  }

  void need_link(const BlobId& blob, const std::string& name) {
    if (!links_seen_.insert(blob).second) return;
    if (repo_.mirrored) return;  // linked once its upstream has sent it
    if (!examiner_.has(keys::link(repo_.uid, blob), about_ + name))
      examiner_.problem(about_ + name + " is not linked to blob " + blob.hex());
  }

  void check_links() {
    const auto scanned = examiner_.rows.scan(
        keys::links(repo_.uid), "", [&](std::string_view key, std::string_view) {
          const auto blob = keys::last_hash<BlobId>(key);
          const auto about = about_ + "link to " + blob.hex();
          if (!examiner_.has(keys::holder(blob, repo_.uid), about))
            examiner_.problem(about + " has no way back");
          if (!examiner_.has(keys::blob(blob), about)) examiner_.problem(about + ": no such blob");
          return true;
        });
    examiner_.good(scanned, about_ + "links");
  }

  const Examiner& examiner_;
  const RepoRow& repo_;
  RefTable refs_;
  ObjectCache objects_;
  std::string about_;
  std::unordered_set<GitId> trees_seen_;
  std::unordered_set<BlobId> links_seen_;
};

/// Holder rows lead to link rows.
void check_holders(const Examiner& examiner) {
  const auto scanned =
      examiner.rows.scan(keys::all('L'), "", [&](std::string_view key, std::string_view) {
        const auto uid = keys::last_number(key);
        const auto blob = keys::last_hash<BlobId>(key.substr(0, key.size() - sizeof(uid)));
        const auto about = "holder of blob " + blob.hex();
        if (!examiner.has(keys::link(uid, blob), about)) examiner.problem(about + ": no link");
        return true;
      });
  examiner.good(scanned, "holders");
}

/// Rows of repos that are not there (and not being deleted either).
void check_orphans(const Examiner& examiner, const std::set<std::uint64_t>& alive) {
  for (const char kind : {'h', 'H', 'C', 'l', 'k', 'i', 'd', 'e', 'a', 'v', 'S', 'M', 'Y'}) {
    std::set<std::uint64_t> reported;
    const auto scanned =
        examiner.rows.scan(keys::all(kind), "", [&](std::string_view key, std::string_view) {
          const auto uid = keys::number_at(key, 1);
          if (alive.contains(uid) || !reported.insert(uid).second) return true;
          examiner.problem(std::string("rows of kind ") + kind +
                           " of a repo that is not there: " + std::to_string(uid));
          return true;
        });
    examiner.good(scanned, "orphans");
  }
}

/// A former name leads to a repo, and is no repo's name now.
void check_redirects(const Examiner& examiner, const std::set<std::uint64_t>& alive) {
  examiner.each(keys::all('R'), decode_redirect, [&](std::string_view key, const RedirectRow& row) {
    const auto about = "redirect from " + std::string(key.substr(2));
    if (!alive.contains(row.uid)) examiner.problem(about + " leads nowhere");
    if (examiner.has("r" + std::string(key.substr(1)), about))
      examiner.problem(about + ": a repo has that name");
  });
}

}  // namespace

void check_repos(const Examiner& examiner) {
  std::set<std::uint64_t> alive;
  std::vector<RepoRow> repos;
  examiner.each(keys::all('r'), decode_repo, [&](std::string_view key, const RepoRow& row) {
    const auto about = "repo " + row.id.full_name();
    if (key != keys::repo(row.id)) examiner.problem(about + ": under another name's key");
    if (!alive.insert(row.uid).second) examiner.problem(about + ": its uid is another repo's too");
    const auto back = get_row(examiner.rows, keys::repo_uid(row.uid), decode_plain_row);
    if (examiner.good(back, about) && (!*back || **back != key))
      examiner.problem(about + ": its uid does not lead to it");
    repos.push_back(row);
  });
  examiner.each(keys::all('q'), decode_trash, [&](std::string_view key, const TrashRow& row) {
    const auto about = "trashed repo " + row.repo.id.full_name();
    if (key != keys::trashed(row.repo.uid)) examiner.problem(about + ": under another uid's key");
    if (!alive.insert(row.repo.uid).second) examiner.problem(about + ": is in use too");
    if (examiner.has(keys::repo_uid(row.repo.uid), about))
      examiner.problem(about + ": can still be found");
    repos.push_back(row.repo);
  });
  examiner.each(keys::all('o'), decode_plain_row, [&](std::string_view key, const std::string&) {
    const auto uid = keys::last_number(key);
    if (!alive.contains(uid)) examiner.problem("uid " + std::to_string(uid) + " leads nowhere");
  });
  for (const auto& repo : repos) RepoCheck(examiner, repo).run();
  check_redirects(examiner, alive);
  check_holders(examiner);
  check_orphans(examiner, alive);
}

}  // namespace waag::storage::check
