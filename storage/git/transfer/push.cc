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

/// Names of refs, asked for what lies above or below them: no clone can hold both.
class Names {
 public:
  /// Of the refs that are deleted, or of those that will be there.
  Names(const git::PushRequest& request, bool deleted) {
    for (const auto& command : request.commands)
      if (command.deletes() == deleted) names_.insert(command.name);
  }
  [[nodiscard]] bool clash(std::string_view name) const {
    for (auto slash = name.rfind('/'); slash != name.npos && slash > 0;
         slash = name.rfind('/', slash - 1))
      if (names_.contains(name.substr(0, slash))) return true;
    const auto folder = std::string(name) + "/";
    const auto below = names_.lower_bound(folder);
    return below != names_.end() && below->starts_with(folder);
  }

 private:
  std::set<std::string_view> names_;
};

std::string empty_pack() {
  auto pack = git::pack_head(0);
  Sha1 hash;
  hash.update(as_bytes(pack));
  return pack.append(as_text(hash.finish().view()));
}

/// The refs that must be gone before others can be there: of an upstream that made a folder of a
/// branch.
git::PushRequest in_the_way(const git::PushRequest& request) {
  const Names created(request, /*deleted=*/false);
  git::PushRequest found;
  for (const auto& command : request.commands)
    if (command.deletes() && created.clash(command.name)) found.commands.push_back(command);
  return found;
}

}  // namespace

std::uint64_t GitPush::object_bytes_max() const {
  return options_.mirror ? mirror_object_bytes_max : push_object_bytes_max;
}

/// Why a ref of that name may not be moved; "" if it may.
std::string GitPush::refusal_of(const git::RefCommand& command) const {
  const std::string_view name = command.name;
  if (name.starts_with(branches)) {
    if (name == head_branch && command.deletes()) return "the main branch cannot be deleted";
    return "";
  }
  if (name.starts_with(tags)) return "";
  if (options_.mirror) {
    return is_mirrored_ref(name)
               ? ""
               : "only branches, tags, pull requests and conversions are mirrored";
  }
  if (!name.starts_with(pulls)) return "only branches, tags and pull requests can be pushed";
  if (command.creates()) return "pull requests are opened on the hub, not by a push";
  if (command.deletes()) return "pull requests cannot be deleted by a push";
  return "";
}

Status GitPush::feed(ByteView bytes) {
  if (!pack_ || unreserved_bytes_ >= reserve_step_bytes) {
    WAAG_CHECK(reserve_.check());
    unreserved_bytes_ = 0;
  }
  if (!pack_) {
    const PackLimits limits{object_bytes_max(), options_.mirror};
    WAAG_TRY(pack_, IncomingPack::begin(fs_, scratch_, limits));
  }
  unreserved_bytes_ += bytes.size();
  return pack_->feed(bytes);
}

Status GitPush::check(const git::PushRequest& request) {
  if (!request.brings_pack()) return ok();
  // An upstream has nothing to send if its refs only lead elsewhere in what is here.
  if (!pack_ && options_.mirror) WAAG_CHECK(feed(as_bytes(empty_pack())));
  if (!pack_) return fail(Errc::unprocessable, "the push brings no pack");
  WAAG_CHECK(complete_pack());
  PushCheck check(parts_, options_.repo_uid, *pack_, {options_.blob_bytes_max, options_.mirror});
  WAAG_CHECK(add_tips(check, request));
  WAAG_TRY(found_, check.finish());
  return ok();
}

Status GitPush::add_tips(PushCheck& check, const git::PushRequest& request) {
  for (const auto& command : request.commands) {
    if (command.deletes() || !refusal_of(command).empty()) continue;
    auto tip = check.add_tip(command.to);
    if (tip) {
      tips_[command.to] = *tip;
      continue;
    }
    auto& error = tip.error();
    const bool rule = error.code == Errc::unprocessable && !check.lacks_objects();
    if (!options_.mirror || !rule) return error;
    refused_tips_[command.to] = std::move(error.what);
  }
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
  if (reader->size_bytes() > object_bytes_max())
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
  const auto gone = options_.mirror ? in_the_way(request) : git::PushRequest{};
  if (!gone.commands.empty()) WAAG_CHECK(move_refs(gone, {}));
  WAAG_TRY(auto reports, move_refs(request, rows));
  const auto landed = [](const auto& report) { return report.reason.empty(); };
  if (options_.mirror && std::ranges::any_of(reports, landed))
    WAAG_CHECK(forget_claims(parts_.rows, found_.objects));
  return reports;
}

Result<std::vector<git::RefReport>> GitPush::move_refs(const git::PushRequest& request,
                                                       const std::vector<Row>& rows) {
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
  WAAG_CHECK(pack_->copy(object, [&file](ByteView part) { return file->write(part); }));
  WAAG_TRY(const auto done, file->finish());
  if (done.git_id != id) return fail(Errc::corrupt, "scratch file of a push");
  return ok();
}

/// What must be there before a ref leads to it: links of large files and of LFS files, what the
/// pointers mean, then the commits, parents first.
Result<std::vector<Row>> GitPush::needed_rows() const {
  std::set<BlobId> blobs;
  std::vector<Row> rows;
  for (const auto& [id, named] : found_.pointers) {
    const auto& [oid, size_bytes] = named.pointer;
    if (options_.mirror) {
      WAAG_TRY(const bool believed, is_believed(named.pointer));
      if (!believed) continue;
    }
    // An upstream that names a hash has not proven that it has the file: storage/mirror/mirrors.h.
    if (!options_.mirror) blobs.insert(oid);
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

/// A pointer with the wrong size of a file that is here stays the text it is. Of a file that is not
/// here nobody can tell.
Result<bool> GitPush::is_believed(const lfs::LfsPointer& pointer) const {
  WAAG_TRY(const auto manifest, get_row(parts_.rows, keys::blob(pointer.oid), decode_manifest));
  return !manifest || manifest->size_bytes == pointer.size_bytes;
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
  const Names wanted(request, /*deleted=*/false);
  for (const auto& command : request.commands) {
    const bool clash = wanted.clash(command.name) && !(options_.mirror && command.deletes());
    auto reason = clash ? std::string("it is a folder of another new ref") : refusal_of(command);
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
  if (options_.mirror) {
    const auto refused = refused_tips_.find(command.to);
    if (refused != refused_tips_.end()) return refused->second;
    const bool there = now ? shown_id(*now) == command.to : command.deletes();
    if (there) return std::string();
  } else {
    if (!now && !command.creates()) return std::string("the ref does not exist");
    if (now && shown_id(*now) != command.from)
      return std::string("the ref was moved meanwhile: fetch first");
  }
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
