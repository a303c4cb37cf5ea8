#include "daemon/mirror/sync/mirror_job.h"

#include <algorithm>

#include <boost/json/array.hpp>

#include "daemon/jobs/jobs.h"
#include "daemon/mirror/sync/file_globs.h"
#include "protocol/hub/dates.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

/// Mirror jobs that run side by side: what they share is the upstream's budget.
constexpr unsigned jobs_at_once = 4;
/// With a cap, files are more than one at a time only if it has so many bytes a second for each.
/// Those of all jobs together stay few enough for what other jobs want to have its threads.
constexpr std::uint64_t rate_per_file = 4'000'000;
constexpr std::size_t capped_files_max = 4;
/// For transfers to end that are told to.
constexpr std::chrono::seconds end_time{2};
/// Of a result, which the job's row holds.
constexpr std::size_t failures_told_max = 100;
/// Of the error's text, for people.
constexpr std::size_t failures_named_max = 5;

bool may_heal(Errc code) {
  return code == Errc::upstream_failed || code == Errc::deadline_exceeded ||
         code == Errc::unavailable || code == Errc::too_many_requests;
}

void take_number(const json::object& from, std::string_view key, std::uint64_t& into) {
  const auto* value = from.if_contains(key);
  if (value == nullptr) return;
  boost::system::error_code wrong;
  const auto number = value->to_number<std::uint64_t>(wrong);
  if (!wrong) into = number;
}

Error told_to_stop() { return fail(Errc::unavailable, "the job was told to stop"); }

}  // namespace

Status MirrorJob::run() {
  WAAG_TRY(spec_, MirrorSpec::parse(context_.spec()));
  take_up_earlier();
  WAAG_CHECK(find_limits());
  if (!spec_.dry_run) WAAG_CHECK(keep_window());
  context_.set_note("asking the upstream for " + spec_.repo.full_name());
  if (!was_new_) before_ = head_before();
  history_.note_before(spec_.repo, spec_.revision, before_);
  UpstreamCall call;
  call.deadline = std::chrono::steady_clock::now() + options_.call_time;
  call.priority = UpstreamPriority::job;
  WAAG_TRY(found_,
           mirror_.lookup().bring({spec_.repo, spec_.revision, call, /*with_history=*/!limits_}));
  WAAG_CHECK(may_see(found_.repo));
  WAAG_CHECK(plan());
  if (spec_.dry_run) {
    count_known();
    if (context_.stopped()) return told_to_stop();
    tell_result(/*finished=*/true);
    return ok();
  }
  const auto brought = bring_files();
  let_go();
  // The files are what is waited for; a history may take its time.
  if (brought && !context_.stopped()) bring_history();
  if (context_.stopped()) return told_to_stop();  // with a history still to come
  if (brought && failed_.empty()) convert();
  tell_result(/*finished=*/brought && !history_.error());
  WAAG_CHECK(brought);
  if (history_.error()) WAAG_CHECK(keep_window());  // its end may be why
  return outcome();
}

MirrorJob::~MirrorJob() { let_go(); }

/// Transfers of a rule end here, unless somebody else wants them too.
void MirrorJob::let_go() {
  if (limits_) {
    for (const auto& one : running_) one.fill->leave(cap());
    const auto deadline = std::chrono::steady_clock::now() + end_time;
    for (const auto& one : running_) static_cast<void>(one.fill->wait_until(deadline));
  }
  for (const auto& one : running_)
    if (!one.shared) bytes_fetched_ += one.fill->fetched_bytes();
  running_.clear();
}

/// A rule's jobs end with it.
Status MirrorJob::find_limits() {
  const auto* rule = context_.spec().if_contains("rule");
  if (rule == nullptr || !rule->is_string() || !options_.limits) return ok();
  const std::string name(rule->get_string());
  auto limits = options_.limits(name);
  if (!limits && limits.error().code == Errc::not_found)
    return fail(Errc::not_found, "the mirror " + name + " is not there any more");
  WAAG_TRY(limits_, std::move(limits));
  return ok();
}

/// An end in the middle, such as that of the window, changes nothing of what the job finds.
void MirrorJob::take_up_earlier() {
  const auto& earlier = context_.earlier_result();
  const auto* unfinished = earlier.if_contains("unfinished");
  if (unfinished == nullptr || !unfinished->is_object()) return;
  context_.set_result(earlier);
  was_new_ = true;
  if (const auto* asked = unfinished->get_object().if_contains("conversions_asked_for");
      asked != nullptr) {
    convert_asked_ = true;
    take_number(earlier, "convert_job", convert_job_);
    if (const auto* error = earlier.if_contains("convert_error");
        error != nullptr && error->is_string())
      convert_error_ = error->get_string();
  }
  if (const auto* text = unfinished->get_object().if_contains("before");
      text != nullptr && text->is_string()) {
    const auto commit = CommitId::parse(text->get_string());
    if (commit) before_ = *commit;
  }
  take_number(earlier, "bytes_fetched", bytes_fetched_);
}

/// @return an error outside the window: the job is begun again when that opens
Status MirrorJob::keep_window() {
  if (!limits_) return ok();
  const auto until = limits_->closed_until(context_.now());
  if (!until) return ok();
  const auto text =
      "waits for its window " + limits_->window_text() + ", until " + hub::format_date(*until);
  context_.set_note(text);
  context_.put_off(*until);
  return fail(Errc::unavailable, text);
}

std::size_t MirrorJob::files_at_once() const {
  const auto rate = limits_ ? limits_->cap()->rate() : 0;
  if (rate == 0) return options_.files_at_once;
  const auto most = std::min(options_.files_at_once, capped_files_max);
  return std::clamp<std::size_t>(rate / rate_per_file, 1, most);
}

bool MirrorJob::is_new() const {
  return was_new_ || before_ != found_.commit || files_before_ != files_;
}

/// What an upstream shows to this hub alone is not for everybody who asks for it: a closed repo is
/// as good as missing for whoever does not look after the hub.
Status MirrorJob::may_see(const storage::RepoRow& repo) const {
  if (repo.visibility == storage::Visibility::open) return ok();
  const auto user = store_.find_user(context_.owner().user);
  if (user && user->hub_admin && !user->disabled) return ok();
  return fail(Errc::repo_not_found, spec_.repo.full_name() + " is not there");
}

/// What is wanted, and what of it is here.
Status MirrorJob::plan() {
  WAAG_TRY(const auto snapshot, store_.snapshot(found_.repo.uid, found_.commit));
  WAAG_TRY(auto entries, snapshot->list("", /*recursive=*/true, "", 0));
  const FileGlobs include(spec_.include), exclude(spec_.exclude);
  for (auto& entry : entries) {
    if (context_.stopped()) return told_to_stop();
    if (entry.type != storage::TreeEntry::Type::file) continue;
    if (!include.empty() && !include.matches(entry.path)) continue;
    if (exclude.matches(entry.path)) continue;
    ++files_;
    bytes_ += entry.size_bytes;
    WAAG_TRY(const bool cold, mirror_.is_cold(found_.repo, entry));
    if (cold) {
      cold_.push_back(std::move(entry));
    } else {
      ++files_before_;
      bytes_before_ += entry.size_bytes;
    }
  }
  files_here_ = files_before_;
  bytes_here_ = bytes_before_;
  context_.set_total(bytes_, files_);
  context_.set_done(bytes_here_, files_here_);
  return ok();
}

/// For a plan. An upstream that does not tell what a file is made of makes it look all new, as it
/// then is.
void MirrorJob::count_known() {
  for (const auto& entry : cold_) {
    if (context_.stopped()) return;
    context_.set_note("what is here of " + entry.path);
    const auto known = mirror_.known_bytes(found_.repo, found_.commit, entry);
    if (known) bytes_known_ += *known;
  }
  context_.set_note("");
}

void MirrorJob::bring_history() {
  history_.bring(found_, limits_);
  if (const auto& from = history_.rewritten_from(); from && options_.log)
    options_.log("mirror_rewritten",
                 spec_.repo.full_name() + " " + spec_.revision + " was " + from->hex(), ok());
}

/// Once for each commit: a run that finds nothing new makes nothing anew.
void MirrorJob::convert() {
  if (std::exchange(convert_asked_, true)) return;
  if (spec_.convert.empty() || !options_.convert || !is_new()) return;
  const auto job = options_.convert(context_.owner(), found_.repo.id, found_.commit, spec_.convert);
  if (job)
    convert_job_ = *job;
  else
    convert_error_ = job.error().what;
}

/// Where the revision leads before the upstream is asked.
std::optional<CommitId> MirrorJob::head_before() const {
  const auto repo = store_.find_repo(spec_.repo);
  if (!repo || !repo->mirrored) return std::nullopt;
  const auto commit = store_.resolve(repo->uid, spec_.revision);
  return commit ? std::optional(*commit) : std::nullopt;
}

Status MirrorJob::bring_files() {
  auto next = cold_.begin();
  while (next != cold_.end() || !running_.empty()) {
    // A pull's fills run on: readers may follow them, and its next beginning finds their bytes.
    if (context_.stopped()) return told_to_stop();
    WAAG_CHECK(keep_window());
    while (next != cold_.end() && running_.size() < files_at_once()) start(*next++);
    if (!running_.empty()) {
      context_.set_note(running_.front().entry.path);
      static_cast<void>(
          running_.front().fill->wait_until(std::chrono::steady_clock::now() + options_.look));
    }
    reap();
    tell_progress();
  }
  context_.set_note("");
  return ok();
}

void MirrorJob::start(const storage::TreeEntry& entry) {
  const auto cold = mirror_.is_cold(found_.repo, entry);
  if (cold && !*cold) return count_here(entry);  // a reader has had it brought since
  auto fill = mirror_.fill(found_.repo, found_.commit, entry, cap(), Fills::For::job);
  if (fill) {
    // Two files may be the same bytes, which come once.
    const bool shared =
        std::ranges::any_of(running_, [&](const Running& other) { return other.fill == *fill; });
    running_.push_back({entry, *std::move(fill), shared});
  } else if (fill.error().code == Errc::forbidden) {
    ++files_left_out_;  // by the policy: that is no failure
  } else {
    fail_file(entry.path, fill.error());
  }
}

/// Takes out the fills that have ended.
void MirrorJob::reap() {
  std::erase_if(running_, [this](const Running& one) {
    if (one.fill->state() == Fill::State::running) return false;
    if (!one.shared) bytes_fetched_ += one.fill->fetched_bytes();
    const auto ended = one.fill->wait_until(std::chrono::steady_clock::time_point{});
    if (ended)
      count_here(one.entry);
    else
      fail_file(one.entry.path, ended.error());
    return true;
  });
}

void MirrorJob::count_here(const storage::TreeEntry& entry) {
  ++files_here_;
  bytes_here_ += entry.size_bytes;
}

void MirrorJob::fail_file(const std::string& path, const Error& error) {
  failed_.emplace_back(path, error);
}

void MirrorJob::tell_progress() {
  auto bytes = bytes_here_;
  for (const auto& one : running_) bytes += one.fill->file().bytes();
  context_.set_done(bytes, files_here_);
}

void MirrorJob::tell_result(bool finished) {
  json::object result{{"commit", found_.commit.hex()}, {"upstream", found_.base_url}};
  result["files"] = files_;
  result["bytes"] = bytes_;
  result["files_here"] = files_here_;
  result["bytes_here"] = bytes_here_;
  if (spec_.dry_run) {
    result["dry_run"] = true;
    result["bytes_here_by_chunk"] = bytes_known_;
  } else {
    result["bytes_fetched"] = bytes_fetched_;
    if (!finished) {
      json::object unfinished;
      if (before_) unfinished["before"] = before_->hex();
      if (convert_asked_) unfinished["conversions_asked_for"] = true;
      result["unfinished"] = std::move(unfinished);
    }
    json::array failed;
    for (const auto& [path, error] : failed_)
      if (failed.size() < failures_told_max)
        failed.push_back(json::object{{"path", path}, {"error", error.what}});
    result["files_failed"] = std::move(failed);
    if (failed_.size() > failures_told_max) result["files_failed_total"] = failed_.size();
    if (files_left_out_ > 0) result["files_left_out"] = files_left_out_;
    history_.tell(result);
    if (convert_job_ != 0) result["convert_job"] = convert_job_;
    if (!convert_error_.empty()) result["convert_error"] = convert_error_;
  }
  context_.set_result(std::move(result));
}

/// Of all failures one that may heal counts, for then another try brings something.
Status MirrorJob::outcome() const {
  const auto& history_error = history_.error();
  if (failed_.empty() && history_error)
    return fail(history_error->code,
                "all " + std::to_string(files_) +
                    " files are here, but the history did not come: " + history_.missing());
  if (failed_.empty()) return ok();
  const auto heals = [](const auto& one) { return may_heal(one.second.code); };
  auto first = std::ranges::find_if(failed_, heals);
  if (first == failed_.end()) first = failed_.begin();
  auto text =
      std::to_string(failed_.size()) + " of " + std::to_string(files_) + " files did not come: ";
  for (std::size_t i = 0; i < std::min(failed_.size(), failures_named_max); ++i)
    text += (i > 0 ? "; " : "") + failed_[i].first + ": " + failed_[i].second.what;
  if (failed_.size() > failures_named_max) text += "; and others";
  if (history_error) text += "; nor did the history: " + history_.missing();
  return fail(first->second.code, std::move(text));
}

void add_mirror_jobs(Jobs& jobs, storage::Store& store, Mirror& mirror,
                     MirrorJob::Options options) {
  JobKind kind;
  kind.name = "mirror";
  kind.at_once = jobs_at_once;
  kind.work = [&store, &mirror, options](JobContext& context) {
    return MirrorJob(store, mirror, context, options).run();
  };
  jobs.add_kind(std::move(kind));
}

}  // namespace waag::daemon
