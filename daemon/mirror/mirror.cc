#include "daemon/mirror/mirror.h"

#include "daemon/config.h"
#include "daemon/mirror/fill/follower.h"
#include "daemon/mirror/hub_source.h"
#include "daemon/mirror/policy/policy_check.h"
#include "daemon/mirror/schedule/schedule.h"
#include "daemon/mirror/sync/mirror_job.h"
#include "daemon/observe/log.h"

namespace waag::daemon {
namespace {

/// Commits of refs that are searched for a file of which only the hash is known.
constexpr std::size_t searched_commits_max = 50;
constexpr std::size_t fills_min = 16;
/// Transfers at a time that keep to the caps of rules, besides upstream.streams.
constexpr std::size_t capped_streams = 8;

PullThrough::Who who_of(std::string_view name) {
  if (name == "users") return PullThrough::Who::users;
  if (name == "admins") return PullThrough::Who::admins;
  return name == "off" ? PullThrough::Who::nobody : PullThrough::Who::anyone;
}

PullThrough::Options pull_options(const Config& config) {
  PullThrough::Options options;
  options.who = who_of(config.mirror.pull_through);
  options.ttl = std::chrono::seconds(config.mirror.ttl_s);
  options.negative_ttl = std::chrono::seconds(config.mirror.negative_ttl_s);
  options.wait = std::chrono::milliseconds(config.mirror.wait_ms);
  options.call = std::chrono::milliseconds(config.upstream.call_timeout_ms);
  return options;
}

/// Where the rules are looked through; their intervals are minutes at least.
constexpr std::chrono::seconds schedule_period{15};
/// One call of a job may be a tree of many pages.
constexpr int job_call_factor = 5;

auto log_event(Log& log) {
  return [&log](std::string_view event, const std::string& about, const Status& status) {
    LogLine line;
    line.level = status ? LogLevel::info : LogLevel::warn;
    line.event = event;
    line.repo = about;
    if (!status) line.err = status.error().what;
    log.write(line);
  };
}

Lookup::Options lookup_options(const Config& config, std::shared_ptr<const MirrorPolicy> policy,
                               Log& log) {
  Lookup::Options options;
  options.git = config.upstream.git;
  options.retries = config.upstream.retries;
  options.retry_base = std::chrono::milliseconds(config.upstream.retry_base_ms);
  if (policy) options.check = policy_check(std::move(policy));
  options.log = log_event(log);
  return options;
}

Fills::Options fill_options(const Config& config, Log& log) {
  Fills::Options options;
  options.limits.streams = config.upstream.streams_per_file;
  options.limits.tries = config.upstream.retries + 1;
  options.limits.pause = std::chrono::milliseconds(config.upstream.retry_base_ms);
  options.limits.budget = std::make_shared<StreamBudget>(config.upstream.streams);
  options.limits.capped_budget = std::make_shared<StreamBudget>(capped_streams);
  // More than what has transfers: a reader's small file must not stand behind large ones.
  options.at_once = fills_min + 2 * config.upstream.streams;
  options.jobs_at_once = options.at_once;
  options.ended = [&log](const Fill& fill, const Status& status) {
    LogLine line;
    line.level = status || fill.is_parked() ? LogLevel::info : LogLevel::warn;
    line.event = status ? "filled" : fill.is_parked() ? "fill_parked" : "fill_failed";
    line.repo = fill.wanted().about;
    line.bytes = fill.fetched_bytes();
    if (!status) line.err = status.error().what;
    log.write(line);
  };
  return options;
}

std::unique_ptr<XetServices> xet_services(const Config& config, storage::Store& store,
                                          storage::Clock& clock, Log& log) {
  if (!config.upstream.xet) return nullptr;
  const auto threads = std::max(1u, config.upstream.streams) + capped_streams;
  auto made = std::make_unique<XetServices>(store, clock, threads);
  made->call_time =
      std::min(made->call_time, std::chrono::milliseconds(config.upstream.call_timeout_ms));
  made->log = [&log](std::string_view event, const std::string& about, const Status& status) {
    LogLine line;
    line.level = LogLevel::warn;
    line.event = event;
    line.repo = about;
    if (!status) line.err = status.error().what;
    log.write(line);
  };
  return made;
}

std::vector<HubClient*> pointers(const Upstreams& upstreams) {
  std::vector<HubClient*> hubs;
  for (const auto& hub : upstreams.all()) hubs.push_back(hub.get());
  return hubs;
}

}  // namespace

Mirror::Mirror(storage::Store& store, asio::thread_pool& blocking, storage::Clock& clock, Log& log)
    : store_(store), blocking_(blocking), clock_(clock), log_(log) {}

Result<std::shared_ptr<Mirror>> Mirror::start(const Config& config, storage::Store& store,
                                              asio::thread_pool& blocking, storage::Clock& clock,
                                              storage::Random& random, Log& log) {
  std::shared_ptr<Mirror> mirror(new Mirror(store, blocking, clock, log));
  mirror->call_time_ = std::chrono::milliseconds(config.upstream.call_timeout_ms);
  mirror->filled_ = std::make_unique<FilledBytes>(store, config.mirror.fill_bytes_max);
  WAAG_TRY(mirror->upstreams_, Upstreams::make(config.upstream, clock, random));
  if (mirror->upstreams_->empty()) return std::shared_ptr<Mirror>();
  mirror->files_at_once_ = std::max(1u, config.upstream.streams);
  if (!config.mirror.policy_file.empty()) {
    WAAG_TRY(auto policy, MirrorPolicy::load(config.mirror.policy_file));
    mirror->policy_ = std::make_shared<const MirrorPolicy>(std::move(policy));
  }
  mirror->lookup_ = std::make_unique<Lookup>(store, pointers(*mirror->upstreams_), clock,
                                             lookup_options(config, mirror->policy_, log));
  mirror->pull_through_ =
      std::make_unique<PullThrough>(store, blocking, clock, *mirror->lookup_, pull_options(config));
  mirror->xet_ = xet_services(config, store, clock, log);
  auto fills = fill_options(config, log);
  // For readers and jobs alike: a pull must not bring what its user may not read here.
  fills.admit = [filled = mirror->filled_.get()](std::uint64_t bytes) {
    return filled->admit(bytes);
  };
  mirror->fills_ = std::make_unique<Fills>(store, std::move(fills));
  return mirror;
}

Mirror::~Mirror() { begin_stop(); }

/// Who waits for an answer of an upstream, or its budget, is told that it does not come.
void Mirror::begin_stop() {
  if (upstreams_) upstreams_->end();
  if (schedule_) schedule_->end();
}

void Mirror::add_jobs(Jobs& jobs, MirrorConvert convert) {
  MirrorJob::Options options;
  options.files_at_once = files_at_once_;
  options.call_time = job_call_factor * call_time_;
  options.log = log_event(log_);
  options.convert = std::move(convert);
  options.limits = [this](const std::string& rule) { return schedule_->limits(rule); };
  add_mirror_jobs(jobs, store_, *this, options);
  Schedule::Options schedule;
  schedule.call_time = options.call_time;
  schedule.log = log_event(log_);
  schedule_ = std::make_unique<Schedule>(store_, *lookup_, jobs, clock_, std::move(schedule));
}

void Mirror::begin_schedule() { schedule_->begin(schedule_period); }

Task<Prepared> Mirror::prepare(const Route& route, const Request& request) {
  auto asked = AskedRevision::of(route, request);
  if (!asked) co_return Prepared{};
  co_return co_await prepare(*std::move(asked), request.who);
}

Task<Prepared> Mirror::prepare(AskedRevision asked, Identity who) {
  co_return co_await pull_through_->prepare(std::move(asked), std::move(who));
}

Result<bool> Mirror::is_cold(const storage::RepoRow& repo, const storage::TreeEntry& entry) const {
  if (!repo.mirrored) return false;
  if (entry.lfs) {
    WAAG_TRY(const bool shown, store_.mirrors().may_show(repo.uid, entry.lfs->id));
    return !shown;
  }
  WAAG_TRY(const bool shown, store_.mirrors().may_show(repo.uid, entry.oid));
  if (!shown) return true;
  const auto held = store_.open_git_blob(entry.oid);
  if (!held && held.error().code != Errc::not_found) return held.error();
  return !held;
}

Result<std::map<BlobId, Mirror::Place>> Mirror::find(const storage::RepoRow& repo,
                                                     std::set<BlobId> wanted) const {
  std::map<BlobId, Place> found;
  WAAG_TRY(auto refs, store_.list_refs(repo.uid));
  std::set<CommitId> seen;
  for (const auto& ref : refs) {
    if (wanted.empty() || seen.size() == searched_commits_max) break;
    if (!seen.insert(ref.row.target).second) continue;
    WAAG_TRY(const auto snapshot, store_.snapshot(repo.uid, ref.row.target));
    WAAG_TRY(auto entries, snapshot->list("", /*recursive=*/true, "", 0));
    for (auto& entry : entries) {
      if (!entry.lfs || wanted.erase(entry.lfs->id) == 0) continue;
      const auto id = entry.lfs->id;
      found.emplace(id, Place{ref.row.target, std::move(entry)});
    }
  }
  return found;
}

bool Mirror::went_wrong(const storage::RepoRow& repo, const storage::TreeEntry& entry) const {
  if (!repo.mirrored) return false;
  WantedFile wanted;
  wanted.repo_uid = repo.uid;
  if (entry.lfs)
    wanted.id = entry.lfs->id;
  else
    wanted.id = entry.oid;
  return fills_->went_wrong(wanted.key());
}

Status Mirror::may_demand(const Identity& who) const {
  if (!pull_through_->may_trigger(who))
    return waag::fail(Errc::forbidden, "Files are not fetched from the upstream for this caller");
  return ok();
}

Result<std::shared_ptr<Fill>> Mirror::fill(const storage::RepoRow& repo, const CommitId& commit,
                                           const storage::TreeEntry& entry,
                                           std::shared_ptr<RateCap> cap, Fills::For who) {
  if (policy_) WAAG_CHECK(policy_->check_file(repo.id, {entry.path, entry.size_bytes}));
  WAAG_TRY(auto file, wanted(repo, commit, entry));
  return fills_->join(std::move(file), std::move(cap), who);
}

Result<std::uint64_t> Mirror::known_bytes(const storage::RepoRow& repo, const CommitId& commit,
                                          const storage::TreeEntry& entry) {
  WAAG_TRY(const auto file, wanted(repo, commit, entry));
  if (file.sources.empty()) return 0;
  return file.sources.front()->known_bytes();
}

Result<WantedFile> Mirror::wanted(const storage::RepoRow& repo, const CommitId& commit,
                                  const storage::TreeEntry& entry) {
  WAAG_TRY(const auto row, store_.mirrors().find(repo.uid));
  if (!row) return waag::fail(Errc::corrupt, "a mirrored repo without its row");
  WantedFile wanted;
  wanted.repo_uid = repo.uid;
  wanted.size_bytes = entry.size_bytes;
  wanted.about = repo.id.full_name() + " " + entry.path;
  if (entry.lfs)
    wanted.id = entry.lfs->id;
  else
    wanted.id = entry.oid;
  WAAG_TRY(const auto file, file_there(*row, repo, commit, entry));
  // Bytes may come from anybody, as they are verified; first from where the names came from.
  auto* bound = lookup_->hub_of(*row);
  if (bound != nullptr) wanted.sources.push_back(source(*bound, file, wanted));
  for (auto* hub : lookup_->hubs())
    if (hub != bound) wanted.sources.push_back(source(*hub, file, wanted));
  return wanted;
}

Result<HubSource::File> Mirror::file_there(const storage::MirrorRow& row,
                                           const storage::RepoRow& repo, const CommitId& commit,
                                           const storage::TreeEntry& entry) {
  auto there = RepoId::make(repo.id.type, row.name.substr(0, row.name.find('/')),
                            row.name.substr(row.name.find('/') + 1));
  if (!there) return waag::fail(Errc::corrupt, "a mirror of no repo");
  return HubSource::File{*std::move(there), commit, entry.path, entry.size_bytes};
}

std::optional<model::GgufSummary> Mirror::cold_header(const storage::RepoRow& repo,
                                                      const CommitId& commit,
                                                      const storage::TreeEntry& entry, bool ask) {
  if (const auto known = cold_headers_.known(repo.uid, entry.oid)) return *known;
  if (!ask || (policy_ && !policy_->check_file(repo.id, {entry.path, entry.size_bytes})))
    return std::nullopt;
  const auto row = store_.mirrors().find(repo.uid);
  if (!row || !*row) return std::nullopt;
  auto* hub = lookup_->hub_of(**row);
  const auto file = file_there(**row, repo, commit, entry);
  if (hub == nullptr || !hub->trusted() || !file) return std::nullopt;
  const auto came = cold_headers_.ask(*hub, repo.uid, entry.oid, *file);
  if (came) return **came;
  log_event(log_)("cold_header", repo.id.full_name() + " " + entry.path, came.error());
  return std::nullopt;
}

std::shared_ptr<ByteSource> Mirror::source(HubClient& hub, const HubSource::File& file,
                                           const WantedFile& wanted) const {
  const auto* blob = std::get_if<BlobId>(&wanted.id);
  auto plain = std::make_shared<HubSource>(hub, file, call_time_);
  if (!xet_ || blob == nullptr || file.size_bytes < xet_file_bytes_min) return plain;
  XetSource::File by_xet{file, *blob, wanted.about, wanted.repo_uid};
  return std::make_shared<XetSource>(*xet_, hub, std::move(plain), std::move(by_xet));
}

std::shared_ptr<AsyncSource> Mirror::follow(std::shared_ptr<Fill> fill, Stretch range, bool rest) {
  return std::make_shared<Follower>(std::move(fill), blocking_, range, rest);
}

}  // namespace waag::daemon
