#include "storage/git/transfer/push.h"

#include <algorithm>
#include <limits>
#include <set>

#include "storage/git/transfer/reachable.h"
#include "storage/meta/blob_rows.h"
#include "storage/repo/revision.h"

namespace waag::storage {
namespace {

/// The free space is looked at again after so many bytes.
constexpr std::uint64_t reserve_step_bytes = 64ull << 20;
/// Rows of one transaction: more go before the one that moves the refs, in the order in which each
/// needs only those before it.
constexpr std::size_t batch_rows_max = 50'000;
/// Other writers past the repo's lock that may come first.
constexpr int attempts_max = 16;

constexpr std::string_view branches = "refs/heads/";
constexpr std::string_view tags = "refs/tags/";
constexpr std::string_view pulls = "refs/pr/";

GitId shown_id(const RefRow& row) {
  return row.tag_object.is_zero() ? git::to_git_id(row.target) : row.tag_object;
}

/// Why a ref of that name may not be moved by a push; "" if it may.
std::string refusal_of(const git::RefCommand& command) {
  const std::string_view name = command.name;
  if (name.starts_with(branches)) {
    if (name == head_branch && command.deletes()) return "the main branch cannot be deleted";
    return "";
  }
  if (name.starts_with(tags)) return "";
  if (!name.starts_with(pulls)) return "only branches, tags and pull requests can be pushed";
  if (command.creates()) return "pull requests are opened on the hub, not by a push";
  if (command.deletes()) return "pull requests cannot be deleted by a push";
  return "";
}

/// New refs of one push of which one would be a folder of the other.
bool clashes(const git::RefCommand& command, const git::PushRequest& request) {
  return std::ranges::any_of(request.commands, [&](const git::RefCommand& other) {
    return !other.deletes() && (other.name.starts_with(command.name + "/") ||
                                command.name.starts_with(other.name + "/"));
  });
}

}  // namespace

Status GitPush::feed(ByteView bytes) {
  if (!pack_ || unreserved_bytes_ >= reserve_step_bytes) {
    WAAG_CHECK(reserve_.check());
    unreserved_bytes_ = 0;
  }
  if (!pack_) {
    WAAG_TRY(pack_, IncomingPack::begin(fs_, scratch_));
  }
  unreserved_bytes_ += bytes.size();
  return pack_->feed(bytes);
}

Status GitPush::check(const git::PushRequest& request) {
  if (!request.brings_pack()) return ok();
  if (!pack_) return fail(Errc::unprocessable, "the push brings no pack");
  WAAG_CHECK(complete_pack());
  PushCheck check(parts_, options_.repo_uid, *pack_, options_.blob_bytes_max);
  for (const auto& command : request.commands) {
    if (command.deletes() || !refusal_of(command).empty()) continue;
    WAAG_TRY(tips_[command.to], check.add_tip(command.to));
  }
  WAAG_TRY(found_, check.finish());
  return ok();
}

/// A thin pack's deltas may only be of objects of this very repo: else a delta that copies its base
/// would show a private file to whoever knows its id.
Status GitPush::complete_pack() {
  WAAG_CHECK(pack_->finish());
  auto outer = pack_->outer_bases();
  WAAG_TRY(const auto missing, not_reachable(parts_, options_.repo_uid, outer,
                                             std::numeric_limits<std::size_t>::max()));
  for (const auto& id : missing) outer.erase(id);
  return pack_->complete(std::move(outer), [this](const GitId& id) { return read_base(id); });
}

Result<std::pair<git::ObjectKind, Bytes>> GitPush::read_base(const GitId& id) const {
  WAAG_TRY(const auto row, parts_.rows.get(keys::git_object(id)));
  if (row) {
    WAAG_TRY(const auto at, decode_location(*row));
    if (at.kind == RecordKind::git_tree) {
      WAAG_TRY(auto tree, read_object(parts_.rows, parts_.packs, id, git::ObjectKind::tree));
      return std::pair(git::ObjectKind::tree, std::move(tree));
    }
  }
  WAAG_TRY(const auto reader, open_git_blob(parts_.rows, parts_.packs, id));
  if (reader->size_bytes() > push_object_bytes_max)
    return fail(Errc::unprocessable, "pack: a delta of too large a blob");
  Bytes body(static_cast<std::size_t>(reader->size_bytes()));
  for (std::size_t at = 0; at < body.size();) {
    WAAG_TRY(const auto got, reader->read(at, std::span(body).subspan(at)));
    if (got == 0) return fail(Errc::corrupt, "a git blob ends early");
    at += got;
  }
  return std::pair(git::ObjectKind::blob, std::move(body));
}

Result<std::vector<git::RefReport>> GitPush::land(const git::PushRequest& request) {
  WAAG_CHECK(stage_objects());
  WAAG_TRY(auto rows, needed_rows());
  if (rows.size() > batch_rows_max) WAAG_CHECK(publish(rows));
  const auto lock = parts_.locks.lock(options_.repo_uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto reports = try_land(request, rows);
    if (reports || reports.error().code != Errc::conflict) return reports;
  }
  return fail(Errc::unavailable, "the refs move all the time");
}

Status GitPush::stage_objects() {
  for (std::size_t i = 0; i < found_.objects.size(); ++i) {
    const auto& [id, kind] = found_.objects[i];
    const auto object = pack_->find(id);
    if (!object) return fail(Errc::internal, "an object left its pack");
    if (kind == git::ObjectKind::blob && object->size_bytes > staged_bytes_max) {
      WAAG_CHECK(stage_blob(*object, id));
      continue;
    }
    WAAG_TRY(const auto body, pack_->read(*object));
    WAAG_CHECK(staged_->objects().add(kind, std::string(as_text(*body))));
  }
  return ok();
}

Status GitPush::stage_blob(const IncomingPack::Object& object, const GitId& id) {
  WAAG_TRY(const auto known, parts_.rows.get(keys::large_git_blob(id)));
  if (known) return ok();
  WAAG_TRY(const auto file, staged_->file());
  WAAG_TRY(const auto body, pack_->read(object));
  WAAG_CHECK(file->write(*body));
  WAAG_CHECK(file->finish());
  return ok();
}

/// What must be there before a ref leads to it: links of large files and of LFS files, what the
/// pointers mean, then the commits, parents first.
Result<std::vector<Row>> GitPush::needed_rows() const {
  std::set<BlobId> blobs;
  std::vector<Row> rows;
  for (const auto& [id, named] : found_.pointers) {
    const auto& [oid, size_bytes] = named.pointer;
    blobs.insert(oid);
    const LfsPointerRow row{oid, size_bytes, named.pointer_bytes};
    rows.push_back({keys::lfs_pointer(id), encode(row)});
  }
  for (std::size_t i = 0; i < found_.objects.size(); ++i) {
    const auto& [id, kind] = found_.objects[i];
    if (kind != git::ObjectKind::blob) continue;
    if (const auto* staged = staged_->chunked(id)) {
      blobs.insert(*staged);
      continue;
    }
    const auto object = pack_->find(id);
    if (!object || object->size_bytes <= staged_bytes_max) continue;
    WAAG_TRY(const auto large,
             get_row(parts_.rows, keys::large_git_blob(id), decode_large_git_blob));
    if (large) blobs.insert(*large);
  }
  Transaction more;
  for (const auto& blob : blobs) LinkTable::add(more, options_.repo_uid, blob);
  for (const auto& commit : found_.commits) RefTable::add_commit(more, options_.repo_uid, commit);
  rows.insert(rows.end(), std::make_move_iterator(more.puts.begin()),
              std::make_move_iterator(more.puts.end()));
  return rows;
}

/// Writes all rows in steps, each of which leaves the store whole.
Status GitPush::publish(std::vector<Row>& rows) {
  for (std::size_t at = 0; at < rows.size(); at += batch_rows_max) {
    Transaction transaction;
    WAAG_TRY(const auto repo, parts_.repos.find_uid(options_.repo_uid));
    RepoTable::expect_alive(transaction, repo);
    WAAG_CHECK(staged_->settle(transaction));
    const auto end = std::min(at + batch_rows_max, rows.size());
    for (auto i = at; i < end; ++i) transaction.puts.push_back(std::move(rows[i]));
    WAAG_CHECK(parts_.rows.apply(std::move(transaction)));
    staged_->settled();
  }
  rows.clear();
  return ok();
}

/// Errc::conflict if another writer came first.
Result<std::vector<git::RefReport>> GitPush::try_land(const git::PushRequest& request,
                                                      const std::vector<Row>& rows) {
  Transaction transaction;
  WAAG_TRY(const auto repo, parts_.repos.find_uid(options_.repo_uid));
  RepoTable::expect_alive(transaction, repo);
  std::vector<git::RefReport> reports;
  bool all = true;
  bool any = false;
  for (const auto& command : request.commands) {
    auto reason = clashes(command, request) ? std::string("it is a folder of another new ref")
                                            : refusal_of(command);
    if (reason.empty()) {
      WAAG_TRY(reason, add_move(command, transaction));
    }
    all = all && reason.empty();
    any = any || reason.empty();
    reports.push_back({command.name, std::move(reason)});
  }
  if (!all && request.atomic) {
    for (auto& report : reports)
      if (report.reason.empty()) report.reason = "atomic push failed";
    return reports;
  }
  if (!any) return reports;
  transaction.puts.insert(transaction.puts.end(), rows.begin(), rows.end());
  WAAG_CHECK(staged_->settle(transaction));
  WAAG_CHECK(parts_.rows.apply(std::move(transaction)));
  staged_->settled();
  return reports;
}

/// @return why the ref may not be moved; "" if its move is on the transaction
Result<std::string> GitPush::add_move(const git::RefCommand& command,
                                      Transaction& transaction) const {
  WAAG_TRY(const auto now, parts_.refs.find(options_.repo_uid, command.name));
  if (!now && !command.creates()) return std::string("the ref does not exist");
  if (now && shown_id(*now) != command.from)
    return std::string("the ref was moved meanwhile: fetch first");
  RefTable::Move move{options_.repo_uid, command.name,  now,
                      std::nullopt,      options_.user, parts_.clock.now()};
  if (!now) {
    const auto usable = expect_new_ref(parts_, options_.repo_uid, command.name, transaction);
    const bool refused = !usable && (usable.error().code == Errc::invalid_argument ||
                                     usable.error().code == Errc::conflict);
    if (refused) return usable.error().what;
    WAAG_CHECK(usable);
  }
  if (!command.deletes()) {
    const auto& tip = tips_.at(command.to);
    if (!tip.tag_object.is_zero() && !command.name.starts_with(tags))
      return std::string("a branch must lead to a commit");
    move.to = RefRow{tip.commit, tip.tag_object, move.at};
  }
  WAAG_CHECK(parts_.refs.move(transaction, move));
  return std::string();
}

}  // namespace waag::storage
