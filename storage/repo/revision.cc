#include "storage/repo/revision.h"

#include <algorithm>

#include "protocol/git/path.h"
#include "storage/git/commit_object.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

constexpr std::size_t short_digits_min = 7;
constexpr std::size_t id_digits = 2 * CommitId::size_bytes;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

Error no_revision(std::string_view revision) {
  return fail(Errc::revision_not_found, "no revision " + std::string(revision));
}

/// refs/<kind>/<name>
Status check_full_name(std::string_view name) {
  constexpr std::string_view root = "refs/";
  const auto slash = name.starts_with(root) ? name.find('/', root.size()) : name.npos;
  if (slash == name.npos) return fail(Errc::invalid_argument, "not a full reference name");
  WAAG_CHECK(git::check_ref_name(name.substr(root.size(), slash - root.size())));
  WAAG_CHECK(git::check_ref_name(name.substr(slash + 1)));
  return ok();
}

/// No clone could hold refs/heads/a and refs/heads/a/b at once: one is a file, the other its
/// folder.
Status check_no_folder_clash(const Parts& parts, std::uint64_t uid, std::string_view name,
                             Transaction& transaction) {
  for (auto slash = name.rfind('/'); slash != name.npos; slash = name.rfind('/', slash - 1)) {
    const auto key = keys::ref(uid, name.substr(0, slash));
    WAAG_TRY(const auto taken, parts.rows.get(key));
    if (taken) return fail(Errc::conflict, "a folder of the reference is a reference itself");
    transaction.expects.push_back({key, std::nullopt});
  }
  bool is_folder = false;
  WAAG_CHECK(parts.rows.scan(keys::ref(uid, std::string(name) + "/"), "",
                             [&](std::string_view, std::string_view) {
                               is_folder = true;
                               return false;
                             }));
  if (is_folder) return fail(Errc::conflict, "the reference is a folder of others");
  return ok();
}

Result<GitId> add_tag_object(ObjectWriter& objects, const NewTag& tag, TimeMs now) {
  if (tag.message.find('\0') != std::string::npos)
    return fail(Errc::unprocessable, "tag message with a NUL");
  git::GitTag object;
  object.object = git::to_git_id(tag.target);
  object.name = tag.name;
  object.tagger =
      make_signature(tag.tagger_name.empty() ? tag.user : tag.tagger_name, tag.tagger_email, now);
  object.message = tag.message;
  if (!object.message.ends_with('\n')) object.message += '\n';  // as git does
  WAAG_TRY(auto body, git::serialize_tag(object));
  return objects.add(git::ObjectKind::tag, std::move(body));
}

}  // namespace

Status expect_new_ref(const Parts& parts, std::uint64_t uid, std::string_view name,
                      Transaction& transaction) {
  WAAG_CHECK(check_full_name(name));
  return check_no_folder_clash(parts, uid, name, transaction);
}

Result<CommitId> resolve_revision(const Parts& parts, std::uint64_t uid,
                                  std::string_view revision) {
  if (revision.empty()) return no_revision(revision);
  const std::string name(revision);
  std::vector<std::string> names;
  if (name == "HEAD") names.emplace_back(head_branch);
  if (name.starts_with("refs/")) names.push_back(name);
  names.push_back("refs/heads/" + name);
  names.push_back("refs/tags/" + name);
  for (const auto& candidate : names) {
    WAAG_TRY(const auto ref, parts.refs.find(uid, candidate));
    if (ref) return ref->target;
  }
  if (!is_hex(revision) || revision.size() < short_digits_min || revision.size() > id_digits)
    return no_revision(revision);
  if (revision.size() == id_digits) {
    WAAG_TRY(const auto id, CommitId::parse(revision));
    WAAG_TRY(const bool known, parts.refs.knows(uid, id));
    if (!known) return no_revision(revision);
    return id;
  }
  WAAG_TRY(const auto id, parts.refs.find_short(uid, revision));
  if (!id) return no_revision(revision);
  return *id;
}

Status move_ref(const Parts& parts, std::uint64_t uid, std::string_view name,
                std::optional<CommitId> expected, std::optional<CommitId> target,
                std::string_view user) {
  if (!expected && !target)
    return fail(Errc::invalid_argument, "reference from nothing to nothing");
  const auto lock = parts.locks.lock(uid);
  Transaction transaction;
  WAAG_TRY(const auto repo, parts.repos.find_uid(uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_TRY(const auto now, parts.refs.find(uid, name));
  if (expected && !now) return no_revision(name);
  if (now && (!expected || now->target != *expected))
    return fail(Errc::conflict, "reference " + std::string(name) + " is at " + now->target.hex());
  if (!now) WAAG_CHECK(expect_new_ref(parts, uid, name, transaction));
  RefTable::Move move{uid, name, now, std::nullopt, user, parts.clock.now()};
  if (target) {
    WAAG_TRY(const bool known, parts.refs.knows(uid, *target));
    if (!known) return no_revision(target->hex());
    move.to = RefRow{*target, {}, move.at};
  }
  WAAG_CHECK(parts.refs.move(transaction, move));
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return ok();
}

Status create_tag(const Parts& parts, const NewTag& tag) {
  const auto uid = tag.repo_uid;
  const auto name = "refs/tags/" + tag.name;
  const auto lock = parts.locks.lock(uid);
  Transaction transaction;
  WAAG_TRY(const auto repo, parts.repos.find_uid(uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_TRY(const auto taken, parts.refs.find(uid, name));
  if (taken) return fail(Errc::conflict, "reference " + name + " exists");
  WAAG_CHECK(expect_new_ref(parts, uid, name, transaction));
  WAAG_TRY(const bool known, parts.refs.knows(uid, tag.target));
  if (!known) return no_revision(tag.target.hex());
  const auto now = parts.clock.now();
  ObjectWriter objects(parts.rows, parts.packs);
  RefRow row{tag.target, {}, now};
  WAAG_TRY(row.tag_object, add_tag_object(objects, tag, now));
  WAAG_CHECK(objects.settle(transaction));
  WAAG_CHECK(parts.refs.move(transaction, {uid, name, std::nullopt, row, tag.user, now}));
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return ok();
}

}  // namespace waag::storage
