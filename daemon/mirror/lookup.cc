#include "daemon/mirror/lookup.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "protocol/lfs/pointer.h"
#include "storage/meta/accounts/orgs.h"

namespace waag::daemon {
namespace {

constexpr std::string_view branches = "refs/heads/";
/// Regular files of an upstream's history: the Hub's own limit is 10 MiB, and was more once.
constexpr std::uint64_t history_blob_bytes_max = 128ull << 20;
/// A history that could not be fetched is not asked for again by every reader.
constexpr std::chrono::seconds history_pause{60};

/// How old the note of the upstream's last answer may be.
constexpr std::chrono::minutes checked_period{5};
/// Revisions of which the last answer's ETag is remembered.
constexpr std::size_t etags_max = 100'000;

bool is_commit_id(std::string_view revision) { return CommitId::parse(revision).has_value(); }

storage::Gate gate_of(std::string_view gated) {
  if (gated.empty()) return storage::Gate::none;
  return gated == "auto" ? storage::Gate::automatic : storage::Gate::manual;
}

RepoId named(RepoType type, std::string_view full_name) {
  const auto slash = full_name.find('/');
  return {type, std::string(full_name.substr(0, slash)), std::string(full_name.substr(slash + 1))};
}

}  // namespace

Lookup::Lookup(storage::Store& store, std::vector<HubClient*> hubs, storage::Clock& clock,
               Options options)
    : store_(store),
      hubs_(std::move(hubs)),
      clock_(clock),
      options_(std::move(options)),
      roads_(store, {options_.retries, options_.retry_base}) {}

Lookup::~Lookup() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  background_.join();
}

HubClient* Lookup::hub_of(const storage::MirrorRow& row) const {
  const auto at = std::ranges::find(hubs_, row.upstream, [](auto* hub) { return hub->base_url(); });
  return at == hubs_.end() ? nullptr : *at;
}

Result<Found> Lookup::bring(const Wish& wish) {
  const auto here = store_.find_repo(wish.repo);
  if (!here && here.error().code != Errc::repo_not_found) return here.error();
  if (here) {
    WAAG_TRY(const auto mirror, store_.mirrors().find(here->uid));
    if (!mirror) return fail(Errc::conflict, wish.repo.full_name() + " is a repo of this hub");
    auto* hub = hub_of(*mirror);
    if (hub == nullptr)
      return fail(Errc::upstream_failed, mirror->upstream + " is not an upstream any more");
    auto found = bring_from(*hub, wish, named(wish.repo.type, mirror->name), &*here);
    if (!found && found.error().code == Errc::repo_not_found) note_gone(here->uid, wish.repo);
    return found;
  }
  Result<Found> found = fail(Errc::repo_not_found, "no upstream");
  for (auto* hub : hubs_) {
    if (!hub->trusted()) continue;
    found = bring_from(*hub, wish, wish.repo, nullptr);
    // One that cannot be reached may be the one that has it: another must not take its place.
    if (found || found.error().code != Errc::repo_not_found) return found;
  }
  return found;
}

/// A namespace of our own is ours alone: a former name must not lead into it.
Status Lookup::check_namespace(const Wish& wish, const RepoId& canonical) const {
  if (canonical.ns == wish.repo.ns) return ok();
  if (!store_.find_user(canonical.ns) && !store_.orgs().find(canonical.ns)) return ok();
  return fail(Errc::conflict, canonical.ns + " is a namespace of this hub");
}

/// @param here  the mirrored repo, which keeps its name; nullptr: there is none yet
Result<Found> Lookup::bring_from(HubClient& hub, const Wish& wish, const RepoId& there,
                                 const storage::RepoRow* here) {
  const auto etag = etag_of(here, wish.revision);
  WAAG_TRY(const auto answer, hub.revision(there, wish.revision, etag, wish.call));
  if (!answer && etag.empty())
    return fail(Errc::upstream_failed, "the upstream answers 304 to no condition");
  if (!answer) return unchanged(hub, wish, *here);
  const auto& revision = *answer;
  if (is_commit_id(wish.revision) && revision.commit.hex() != wish.revision)
    return fail(Errc::upstream_failed, "the upstream has another commit of that id");
  storage::NewMirror repo;
  if (here == nullptr) WAAG_CHECK(check_namespace(wish, revision.repo));
  repo.id = here == nullptr ? revision.repo : here->id;
  repo.visibility = revision.is_private ? storage::Visibility::closed : storage::Visibility::open;
  repo.gate = gate_of(revision.gated);
  repo.sdk = revision.sdk;

  bool tree_here = false;
  if (const auto known = store_.find_repo(repo.id)) {
    const auto snapshot = store_.snapshot(known->uid, revision.commit);
    tree_here = snapshot.has_value();
  }
  storage::Listing listing;
  if (!tree_here) {
    WAAG_TRY(listing, list(hub, revision, wish));
  }
  listing.upstream = hub.base_url();
  listing.name = revision.repo.full_name();
  listing.commit = revision.commit;
  if (!is_commit_id(wish.revision)) {
    WAAG_TRY(listing.ref, ref_of(hub, revision, wish));
  }
  if (here != nullptr) WAAG_CHECK(close_as_there(*here, repo));
  WAAG_TRY(auto row, store_.mirrors().import(repo, listing));
  WAAG_CHECK(note_answer(row.uid, [&](storage::MirrorRow& mirror) {
    mirror.name = listing.name;
    if (tree_here) return;
    mirror.proven = false;
    mirror.checked = clock_.now();
  }));
  remember_etag(row.uid, wish.revision, revision.etag);
  for (const auto& name : {wish.repo, revision.repo})
    if (repo.id != name) WAAG_CHECK(store_.mirrors().add_alias(row.uid, name));
  if (!tree_here && wish.with_history) bring_history_later(row.uid);
  return Found{std::move(row), revision.commit, hub.base_url(), listing.name};
}

/// As the last answer said, and what it led to is here.
Result<Found> Lookup::unchanged(const HubClient& hub, const Wish& wish,
                                const storage::RepoRow& here) {
  WAAG_TRY(const auto commit, store_.resolve(here.uid, wish.revision));
  WAAG_TRY(const auto mirror, store_.mirrors().find(here.uid));
  if (!mirror) return fail(Errc::corrupt, "a mirrored repo without its row");
  WAAG_CHECK(note_answer(here.uid, [](storage::MirrorRow&) {}));
  return Found{here, commit, hub.base_url(), mirror->name};
}

Status Lookup::note_answer(std::uint64_t uid,
                           const std::function<void(storage::MirrorRow&)>& edit) {
  const auto now = clock_.now();
  return store_.mirrors().change(uid, [&](storage::MirrorRow& mirror) {
    mirror.gone = {};
    // Each answer is not worth a write.
    if (now - mirror.checked > checked_period) mirror.checked = now;
    edit(mirror);
  });
}

/// What the upstream has closed since is closed here too; what it opens is opened here by hand.
Status Lookup::close_as_there(const storage::RepoRow& here, const storage::NewMirror& there) {
  storage::RepoSettings settings;
  if (there.visibility > here.visibility) settings.visibility = there.visibility;
  if (there.gate != storage::Gate::none && here.gate == storage::Gate::none)
    settings.gate = there.gate;
  if (!settings.visibility && !settings.gate) return ok();
  const auto changed = store_.change_repo(here.uid, settings);
  return changed ? ok() : Status(changed.error());
}

/// "" unless what the last answer led to is here.
std::string Lookup::etag_of(const storage::RepoRow* here, const std::string& revision) {
  if (here == nullptr) return "";
  const auto commit = store_.resolve(here->uid, revision);
  if (!commit || !store_.snapshot(here->uid, *commit)) return "";
  const std::scoped_lock lock(mutex_);
  const auto found = etags_.find({here->uid, revision});
  return found == etags_.end() ? "" : found->second;
}

void Lookup::remember_etag(std::uint64_t uid, const std::string& revision,
                           const std::string& etag) {
  const std::scoped_lock lock(mutex_);
  if (etags_.size() >= etags_max) etags_.clear();  // then some answers are read again
  if (etag.empty())
    etags_.erase({uid, revision});
  else
    etags_[{uid, revision}] = etag;
}

Result<storage::Listing> Lookup::list(HubClient& hub, const UpstreamRevision& revision,
                                      const Wish& wish) {
  WAAG_TRY(auto entries, hub.tree(revision.repo, revision.commit, wish.call));
  if (options_.check) WAAG_CHECK(options_.check(hub, revision, entries, wish.call));
  storage::Listing listing;
  listing.date = revision.last_modified;
  listing.author = revision.author;
  listing.title = "Revision of the upstream";  // what it says of it comes with the history
  if (!options_.git) describe(hub, revision, wish, listing);
  for (auto& entry : entries) {
    if (entry.is_directory) continue;
    WAAG_TRY(auto file, listed_file(hub, revision, std::move(entry), wish.call));
    listing.files.push_back(std::move(file));
  }
  return listing;
}

/// Without a history to come, the upstream's API says what the commit is. It is no loss if not.
void Lookup::describe(HubClient& hub, const UpstreamRevision& revision, const Wish& wish,
                      storage::Listing& listing) {
  const auto commits = hub.commits(revision.repo, revision.commit.hex(), wish.call);
  if (!commits || commits->empty() || commits->front().id != revision.commit) return;
  const auto& commit = commits->front();
  listing.title = commit.title;
  listing.date = commit.date;
  if (!commit.authors.empty()) listing.author = commit.authors.front();
}

/// A pointer that is not written in the usual way is asked for: its id is that of its bytes.
Result<storage::ListedFile> Lookup::listed_file(HubClient& hub, const UpstreamRevision& revision,
                                                UpstreamEntry entry, const UpstreamCall& call) {
  storage::ListedFile file;
  file.path = std::move(entry.path);
  file.oid = entry.oid;
  file.size_bytes = entry.size_bytes;
  if (!entry.lfs) return file;
  file.lfs = entry.lfs->oid;
  file.size_bytes = entry.lfs->size_bytes;
  const auto usual = lfs::serialize_pointer({*file.lfs, file.size_bytes});
  if (git::blob_id(as_bytes(usual)) == file.oid) return file;
  auto request = hub.file_request(revision.repo, revision.commit, file.path);
  const auto resolve = request.url.rfind("/resolve/");
  if (resolve == std::string::npos) return fail(Errc::internal, "no resolve in " + request.url);
  request.url.replace(resolve, std::string_view("/resolve/").size(), "/raw/");
  request.body_bytes_max = lfs::pointer_bytes_limit;
  WAAG_TRY(auto reply, hub.fetch(UpstreamBucket::resolvers, std::move(request), call));
  if (reply.status != 200) return fail(Errc::upstream_failed, file.path + ": no pointer");
  file.pointer = std::move(reply.body);
  return file;
}

/// Which kind of ref a name is; what is neither a branch nor a tag nor a full name is no ref.
Result<std::string> Lookup::ref_of(HubClient& hub, const UpstreamRevision& revision,
                                   const Wish& wish) {
  if (wish.revision == "main") return std::string(storage::head_branch);
  if (wish.revision.starts_with("refs/")) return wish.revision;
  WAAG_TRY(const auto refs, hub.refs(revision.repo, false, wish.call));
  for (const auto* kind : {&refs.branches, &refs.tags, &refs.converts})
    for (const auto& ref : *kind)
      if (ref.name == wish.revision) return ref.ref;
  return std::string();
}

void Lookup::note_gone(std::uint64_t uid, const RepoId& id) {
  bool first = false;
  const auto noted = store_.mirrors().change(uid, [&](storage::MirrorRow& row) {
    first = row.gone == storage::TimeMs{};
    if (first) row.gone = clock_.now();
  });
  if ((first || !noted) && options_.log) options_.log("mirror_gone", id.full_name(), noted);
}

// --- histories ---

Status Lookup::bring_history(std::uint64_t uid, const std::stop_token& stop,
                             const std::shared_ptr<RateCap>& cap) {
  std::unique_lock lock(mutex_);
  for (auto other = histories_.find(uid);
       other != histories_.end() && !closed_ && !stop.stop_requested();
       other = histories_.find(uid)) {
    const auto askers = other->second;
    const auto is_over = [&] {
      const auto now = histories_.find(uid);
      return closed_ || now == histories_.end() || now->second != askers;
    };
    askers->ask(cap);
    changed_.wait(lock, stop, is_over);
    askers->leave(cap);
  }
  if (closed_ || stop.stop_requested()) return fail(Errc::unavailable, "the hub stops");
  const auto askers = std::make_shared<Askers>();
  askers->ask(cap);
  histories_[uid] = askers;
  lock.unlock();
  auto status = [&] {
    const std::stop_callback leave(stop, [&] { askers->leave(cap); });
    return fetch_history_now(uid, *askers);
  }();
  lock.lock();
  histories_.erase(uid);
  if (status)
    failed_.erase(uid);
  else if (!askers->left().stop_requested())
    failed_[uid] = std::chrono::steady_clock::now();
  changed_.notify_all();
  return status;
}

void Lookup::bring_history_later(std::uint64_t uid) {
  if (!options_.git) return;
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  const auto failed = failed_.find(uid);
  if (failed != failed_.end() && std::chrono::steady_clock::now() - failed->second < history_pause)
    return;
  asio::post(background_, [this, uid] {
    {
      const std::scoped_lock inner(mutex_);
      if (closed_) return;
    }
    try {
      const auto status = bring_history(uid);
      if (!status && options_.log) options_.log("history_failed", std::to_string(uid), status);
    } catch (const std::exception& thrown) {
      if (options_.log)
        options_.log("history_failed", std::to_string(uid), fail(Errc::internal, thrown.what()));
    }
  });
}

Status Lookup::fetch_history_now(std::uint64_t uid, const Askers& askers) {
  if (!options_.git) return fail(Errc::not_found, "histories are not fetched here");
  WAAG_TRY(const auto mirror, store_.mirrors().find(uid));
  if (!mirror) return fail(Errc::not_found, "not a mirrored repo");
  if (mirror->proven) return ok();
  auto* hub = hub_of(*mirror);
  if (hub == nullptr) return fail(Errc::upstream_failed, mirror->upstream + " is gone");
  WAAG_TRY(const auto repo, store_.find_repo_by_uid(uid));
  storage::PushOptions options;
  options.repo_uid = uid;
  options.user = "mirror";
  options.blob_bytes_max = history_blob_bytes_max;
  options.mirror = true;
  HistoryRequest request;
  request.selected = [](std::string_view name) {
    return name.starts_with(branches) || name.starts_with("refs/tags/") ||
           name.starts_with("refs/convert/");
  };
  WAAG_TRY(const auto refs, store_.list_refs(uid));
  for (const auto& ref : refs) request.haves.push_back(ref.row.target);
  request.until.deadline = std::chrono::steady_clock::now() + options_.history_time;
  request.until.stop = askers.left();
  request.until.throttle = askers.throttle();
  const auto there = named(repo.id.type, mirror->name);
  WAAG_TRY(const auto history, roads_.fetch(*hub, there, options, std::move(request)));
  WAAG_CHECK(note_left_out(repo, history.refused));
  return store_.mirrors().set_proven(uid);
}

/// For whoever asks later what is missing; the log has them all.
Status Lookup::note_left_out(const storage::RepoRow& repo,
                             const std::vector<git::RefReport>& refused) {
  std::vector<storage::LeftOutRef> named;
  for (const auto& [name, reason] : refused) {
    const auto text = git::server_text(name);
    if (options_.log)
      options_.log("history_refused", repo.id.full_name() + " " + text,
                   fail(Errc::unprocessable, reason));
    if (named.size() < storage::left_out_refs_max)
      named.push_back({text, git::server_text(reason)});
  }
  return store_.mirrors().change(repo.uid, [&](storage::MirrorRow& row) {
    row.refs_left_out = refused.size();
    row.left_out = named;
  });
}

}  // namespace waag::daemon
