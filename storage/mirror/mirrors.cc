#include "storage/mirror/mirrors.h"

#include <algorithm>

#include "storage/git/mirror_push.h"
#include "storage/meta/keys.h"
#include "storage/mirror/listed_tree.h"
#include "storage/repo/revision.h"
#include "storage/snapshot.h"

namespace waag::storage {
namespace {

/// Other writers past the repo's lock that may come first.
constexpr int attempts_max = 16;
/// Rows of one transaction; of more, those that nothing leads to yet go before.
constexpr std::size_t batch_rows_max = 50'000;
/// Repos that hold a blob, of which one that everybody may read is looked for.
constexpr std::size_t holders_max = 1000;
/// Moves of a ref that are looked back through.
constexpr std::size_t moves_max = 1000;
constexpr std::string_view mirror_user = "mirror";  // in the log of refs

/// The regular files that a mirrored repo has proven, as far as its newest commit names them: a new
/// revision brings most of them again.
class KnownFiles {
 public:
  static Result<KnownFiles> of(const Parts& parts, std::uint64_t uid, std::string_view ref) {
    KnownFiles known(parts, uid);
    WAAG_TRY(auto head, parts.refs.find(uid, ref.empty() ? head_branch : ref));
    if (!head) return known;
    WAAG_TRY(auto commit, parts.objects.commit(head->target));
    known.snapshot_ = make_snapshot(parts.objects, std::move(commit));
    return known;
  }

  Result<bool> has(const ListedFile& file) const {
    if (!snapshot_) return false;
    WAAG_TRY(const auto entry, snapshot_->find(file.path));
    if (!entry || entry->oid != file.oid) return false;
    WAAG_TRY(const auto unproven, parts_->rows.get(keys::unproven(uid_, file.oid)));
    return !unproven;
  }

  KnownFiles() = default;

 private:
  KnownFiles(const Parts& parts, std::uint64_t uid) : parts_(&parts), uid_(uid) {}

  const Parts* parts_ = nullptr;
  std::uint64_t uid_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
};

/// Writes what nothing leads to yet, so that no journal record is large.
Status publish_ahead(const Parts& parts, std::vector<Row>& rows) {
  while (rows.size() > batch_rows_max) {
    Transaction step;
    const auto from = rows.end() - static_cast<std::ptrdiff_t>(batch_rows_max);
    step.puts.assign(std::make_move_iterator(from), std::make_move_iterator(rows.end()));
    rows.erase(from, rows.end());
    WAAG_CHECK(parts.rows.apply(std::move(step)));
  }
  return ok();
}

}  // namespace

Result<std::optional<MirrorRow>> Mirrors::find(std::uint64_t uid) const {
  return get_row(parts_.rows, keys::mirror(uid), decode_mirror);
}

Result<std::vector<MirroredRepo>> Mirrors::list() const {
  std::vector<MirroredRepo> found;
  WAAG_CHECK(scan_rows(parts_.rows, keys::all('M'), "", decode_mirror,
                       [&](std::string_view key, MirrorRow row) {
                         found.push_back({keys::last_number(key), std::move(row)});
                         return true;
                       }));
  return found;
}

Result<RepoRow> Mirrors::import(const NewMirror& repo, const Listing& listing) {
  WAAG_CHECK(reserve_.check());
  WAAG_CHECK(RepoId::make(repo.id.type, repo.id.ns, repo.id.name));
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    // A new repo takes the next uid: such changes queue where all creations do.
    const auto creations = parts_.locks.lock(0);
    auto row = try_import(repo, listing);
    if (row || row.error().code != Errc::conflict) return row;
    WAAG_TRY(const bool elsewhere, is_bound_elsewhere(repo.id, listing.upstream));
    if (elsewhere) return row;
  }
  return fail(Errc::unavailable, "repos are created all the time");
}

Result<bool> Mirrors::is_bound_elsewhere(const RepoId& id, std::string_view upstream) const {
  const auto repo = parts_.repos.find(id);
  if (!repo && repo.error().code != Errc::repo_not_found) return repo.error();
  if (!repo) return false;
  WAAG_TRY(const auto mirror, find(repo->uid));
  return !mirror || mirror->upstream != upstream;
}

/// The repo as it is, or a new one on the transaction. Errc::conflict if it is not this upstream's.
Result<RepoRow> Mirrors::own_repo(const NewMirror& repo, const Listing& listing, TimeMs now,
                                  Transaction& transaction) const {
  auto row = parts_.repos.find(repo.id);
  if (row) {
    WAAG_TRY(const bool elsewhere, is_bound_elsewhere(repo.id, listing.upstream));
    if (elsewhere)
      return fail(Errc::conflict, repo.id.full_name() + " is not a mirror of that upstream's");
    RepoTable::expect_alive(transaction, *row);
    return row;
  }
  if (row.error().code != Errc::repo_not_found) return row;
  RepoRow made;
  made.id = repo.id;
  made.visibility = repo.visibility;
  made.gate = repo.gate;
  made.sdk = repo.sdk;
  made.creator = mirror_user;
  made.created = now;
  made.mirrored = true;
  WAAG_CHECK(parts_.repos.add(transaction, made));
  MirrorRow mirror;
  mirror.upstream = listing.upstream;
  mirror.name = listing.name;
  mirror.since = mirror.checked = now;
  transaction.puts.push_back({keys::mirror(made.uid), encode(mirror)});
  return made;
}

Result<RepoRow> Mirrors::try_import(const NewMirror& repo, const Listing& listing) {
  Transaction transaction;
  const auto now = parts_.clock.now();
  WAAG_TRY(auto row, own_repo(repo, listing, now, transaction));
  WAAG_TRY(const bool known, parts_.refs.knows(row.uid, listing.commit));
  if (!known) {
    WAAG_TRY(const auto files, KnownFiles::of(parts_, row.uid, listing.ref));
    ObjectWriter objects(parts_.rows, parts_.packs);
    const auto proven = [&](const ListedFile& file) { return files.has(file); };
    WAAG_TRY(auto tree, build_listed_tree(parts_.objects, row.uid, listing.files, proven, objects));
    const ClaimedCommit claim{tree.root, listing.date, listing.author, listing.title};
    const auto key = keys::claimed_commit(listing.commit);
    WAAG_TRY(const auto other, get_row(parts_.rows, key, decode_claimed_commit));
    if (other && other->tree != claim.tree)
      return fail(Errc::unprocessable,
                  "commit " + listing.commit.hex() + " had other files before");
    WAAG_CHECK(publish_ahead(parts_, tree.rows));
    WAAG_CHECK(objects.settle(transaction));
    transaction.puts.insert(transaction.puts.end(), std::make_move_iterator(tree.rows.begin()),
                            std::make_move_iterator(tree.rows.end()));
    transaction.puts.push_back({key, encode(claim)});
    RefTable::add_commit(transaction, row.uid, listing.commit);
  }
  if (!listing.ref.empty()) {
    WAAG_TRY(const auto head, parts_.refs.find(row.uid, listing.ref));
    const RefTable::Move move{row.uid,     listing.ref, head, RefRow{listing.commit, {}, now},
                              mirror_user, now};
    if (!head || head->target != listing.commit) WAAG_CHECK(parts_.refs.move(transaction, move));
  }
  WAAG_CHECK(parts_.rows.apply(std::move(transaction)));
  return row;
}

Status Mirrors::move_ref(std::uint64_t uid, std::string_view ref, std::optional<CommitId> target) {
  return apply_settled(parts_.rows, [&](Transaction& transaction) -> Status {
    WAAG_TRY(const auto head, parts_.refs.find(uid, ref));
    if (!head && !target) return ok();
    if (head && target && head->target == *target) return ok();
    if (target) {
      WAAG_TRY(const bool known, parts_.refs.knows(uid, *target));
      if (!known) return fail(Errc::revision_not_found, "no commit " + target->hex());
    }
    const auto now = parts_.clock.now();
    std::optional<RefRow> to;
    if (target) to = RefRow{*target, {}, now};
    return parts_.refs.move(transaction, {uid, ref, head, to, mirror_user, now});
  });
}

Status Mirrors::change(std::uint64_t uid, const std::function<void(MirrorRow&)>& edit) {
  return apply_settled(parts_.rows, [&](Transaction& transaction) -> Status {
    const auto key = keys::mirror(uid);
    WAAG_TRY(auto stored, parts_.rows.get(key));
    if (!stored) return fail(Errc::not_found, "not a mirrored repo");
    WAAG_TRY(auto row, decode_mirror(*stored));
    edit(row);
    auto value = encode(row);
    if (value == *stored) return ok();
    transaction.expects.push_back({key, std::move(stored)});
    transaction.puts.push_back({key, std::move(value)});
    return ok();
  });
}

Status Mirrors::add_alias(std::uint64_t uid, const RepoId& id) {
  return apply_settled(parts_.rows, [&](Transaction& transaction) -> Status {
    WAAG_TRY(const auto taken, parts_.rows.get(keys::repo(id)));
    const auto key = keys::redirect(id);
    WAAG_TRY(auto now, parts_.rows.get(key));
    const auto row = encode(RedirectRow{uid});
    if (taken || now == row) return ok();
    transaction.expects.push_back({keys::repo(id), std::nullopt});
    transaction.expects.push_back({key, std::move(now)});
    transaction.puts.push_back({key, row});
    return ok();
  });
}

Status Mirrors::set_proven(std::uint64_t uid) {
  // Imports wait meanwhile: what they bring is unproven.
  const auto creations = parts_.locks.lock(0);
  WAAG_TRY(const auto commits, parts_.refs.commits(uid));
  for (const auto& commit : commits) {
    WAAG_TRY(const bool claimed, parts_.objects.is_claimed(commit));
    if (claimed) return ok();
  }
  for (bool more = true; more;) {
    Transaction step;
    WAAG_CHECK(
        parts_.rows.scan(keys::unproven_of(uid), "", [&](std::string_view key, std::string_view) {
          step.dels.emplace_back(key);
          return step.dels.size() < batch_rows_max;
        }));
    more = step.dels.size() == batch_rows_max;
    if (!step.dels.empty()) WAAG_CHECK(parts_.rows.apply(std::move(step)));
  }
  WAAG_CHECK(change(uid, [](MirrorRow& row) { row.proven = true; }));
  // Written again as it is: lists read the files of a repo that is touched, and now there are some.
  WAAG_TRY(auto name, parts_.rows.get(keys::repo_uid(uid)));
  if (!name) return ok();
  Transaction touch;
  touch.expects.push_back({keys::repo_uid(uid), name});
  touch.puts.push_back({keys::repo_uid(uid), *std::move(name)});
  const auto touched = parts_.rows.apply(std::move(touch));
  if (!touched && touched.error().code != Errc::conflict) return touched.error();
  return ok();
}

Result<bool> Mirrors::holds(std::uint64_t uid, const CommitId& commit) const {
  return holds_commit(parts_, uid, commit);
}

Result<std::vector<CommitId>> Mirrors::led_to(std::uint64_t uid, std::string_view ref) const {
  WAAG_TRY(auto log, parts_.refs.log(uid, ref));
  std::vector<CommitId> found;
  for (bool held = false; !held && !log.empty() && found.size() < moves_max; log.pop_back()) {
    const auto& at = log.back().to;
    if (at == CommitId{}) continue;  // deleted
    found.push_back(at);
    WAAG_TRY(held, holds(uid, at));
  }
  std::ranges::reverse(found);
  return found;
}

Result<bool> Mirrors::open_holder(const BlobId& blob) const {
  WAAG_TRY(const auto holders, parts_.links.holders(blob, holders_max));
  for (const auto uid : holders) {
    const auto repo = parts_.repos.find_uid(uid);
    if (!repo && repo.error().code != Errc::repo_not_found) return repo.error();
    if (repo && repo->visibility == Visibility::open && repo->gate == Gate::none && !repo->disabled)
      return true;
  }
  return false;
}

Result<bool> Mirrors::may_show(std::uint64_t uid, const BlobId& blob) const {
  WAAG_TRY(const bool linked, parts_.links.has(uid, blob));
  if (linked) return true;
  WAAG_TRY(const auto held, parts_.rows.get(keys::blob(blob)));
  if (!held) return false;
  WAAG_TRY(const bool open, open_holder(blob));
  if (open) WAAG_CHECK(parts_.rows.apply(proof(uid, blob)));
  return open;
}

Result<bool> Mirrors::may_show(std::uint64_t uid, const GitId& blob) const {
  WAAG_TRY(const auto unproven, parts_.rows.get(keys::unproven(uid, blob)));
  return !unproven;
}

Transaction Mirrors::proof(std::uint64_t uid, const BlobId& blob) {
  Transaction transaction;
  LinkTable::add(transaction, uid, blob);
  return transaction;
}

Status Mirrors::put_file(std::uint64_t uid, const GitId& id,
                         const std::function<Status(StagedFile&)>& feed) {
  WAAG_CHECK(reserve_.check());
  StagingArea area(parts_.rows, parts_.packs, reserve_);
  WAAG_TRY(const auto file, area.file());
  WAAG_CHECK(feed(*file));
  WAAG_TRY(const auto done, file->finish());
  if (done.git_id != id)
    return fail(Errc::unprocessable, "the bytes are git blob " + done.git_id.hex());
  Transaction transaction;
  if (done.blob) LinkTable::add(transaction, uid, *done.blob);
  WAAG_CHECK(area.settle(transaction));
  transaction.dels.push_back(keys::unproven(uid, id));
  WAAG_CHECK(parts_.rows.apply(std::move(transaction)));
  area.settled();
  return ok();
}

}  // namespace waag::storage
