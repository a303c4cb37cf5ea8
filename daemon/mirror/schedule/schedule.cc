#include "daemon/mirror/schedule/schedule.h"

#include <algorithm>
#include <set>

#include "daemon/jobs/jobs.h"
#include "daemon/mirror/sync/mirror_spec.h"
#include "protocol/hub/glob.h"

namespace waag::daemon {
namespace {

/// Of one run of one rule; the row of the rule names them.
constexpr std::size_t jobs_max = 1'000;

bool has_glob(std::string_view text) { return text.find_first_of("*?[") != text.npos; }

std::string about(RepoType type, const RepoId& repo) {
  return std::string(to_string(type)) + " " + repo.full_name();
}

}  // namespace

void Schedule::Run::note(const std::string& what, const Error& why) {
  if (error.empty()) error = what + ": " + why.what;
}

Schedule::Schedule(storage::Store& store, Lookup& lookup, Jobs& jobs, storage::Clock& clock,
                   Options options)
    : store_(store),
      lookup_(lookup),
      jobs_(jobs),
      clock_(clock),
      options_(std::move(options)),
      rules_(store.rows()) {}

Schedule::~Schedule() {
  periodic_.reset();
  threads_.join();
}

void Schedule::begin(std::chrono::steady_clock::duration period) {
  periodic_ = std::make_unique<Periodic>(period, [this] { tick(); });
}

void Schedule::tick() {
  const auto rules = list();
  if (!rules) {
    if (options_.log) options_.log("mirror_rules_failed", "", rules.error());
    return;
  }
  for (const auto& rule : *rules) {
    if (jobs_.stopping()) return;
    if (!rule.is_due(clock_.now())) continue;
    const auto ran = run(rule.name);
    Status status = ok();
    if (!ran)
      status = ran.error();
    else if (!ran->last_error.empty())
      status = fail(Errc::upstream_failed, ran->last_error);
    if (options_.log) options_.log("mirror_run", rule.name, status);
  }
}

// --- rules ---

Result<MirrorRule> Schedule::add(MirrorRule rule, const std::string& owner) {
  rule.owner = owner;
  rule.created = clock_.now();
  WAAG_CHECK(rules_.add(rule.name, rule.encode()));
  return rule;
}

Result<MirrorRule> Schedule::find(std::string_view name) const {
  WAAG_TRY(const auto text, rules_.find(name));
  return MirrorRule::decode(text);
}

Result<std::vector<MirrorRule>> Schedule::list() const {
  WAAG_TRY(const auto texts, rules_.list());
  std::vector<MirrorRule> rules;
  for (const auto& text : texts) {
    WAAG_TRY(auto rule, MirrorRule::decode(text));
    rules.push_back(std::move(rule));
  }
  return rules;
}

Result<MirrorRule> Schedule::edit(std::string_view name,
                                  const std::function<Status(MirrorRule&)>& how) {
  MirrorRule rule;
  WAAG_CHECK(rules_.change(name, [&](std::string& text) -> Status {
    WAAG_TRY(rule, MirrorRule::decode(text));
    WAAG_CHECK(how(rule));
    text = rule.encode();
    return ok();
  }));
  return rule;
}

Result<MirrorRule> Schedule::change(std::string_view name, const boost::json::object& wish) {
  WAAG_TRY(auto rule, edit(name, [&](MirrorRule& row) { return row.change(wish); }));
  static_cast<void>(limits(rule.name));
  // What waits for the old window looks at the new one.
  for (const auto id : rule.last_jobs) static_cast<void>(jobs_.hasten(id));
  return rule;
}

Status Schedule::remove(std::string_view name) {
  WAAG_TRY(const auto rule, find(name));
  WAAG_CHECK(rules_.remove(name));
  {
    const std::scoped_lock lock(mutex_);
    limits_.erase(rule.name);
  }
  for (const auto id : rule.last_jobs) {
    const auto job = jobs_.find(id);
    if (job && job->state == storage::JobState::queued)
      static_cast<void>(jobs_.cancel(id, "the end of the mirror " + rule.name));
  }
  return ok();
}

Result<std::shared_ptr<RuleLimits>> Schedule::limits(std::string_view name) {
  // Under the lock: an older row must not be set after a newer one.
  const std::scoped_lock lock(mutex_);
  WAAG_TRY(const auto rule, find(name));
  auto& limits = limits_[rule.name];
  if (!limits) limits = std::make_shared<RuleLimits>();
  limits->set(rule);
  return limits;
}

// --- runs ---

Result<MirrorRule> Schedule::run(std::string_view name) {
  WAAG_TRY(const auto rule, find(name));
  const auto begun = clock_.now();
  Run run;
  submit_all(rule, run);
  return edit(name, [&](MirrorRule& row) {
    row.last_run = begun;
    row.last_jobs = run.jobs;
    row.last_error = run.error;
    return ok();
  });
}

Result<Schedule::Run> Schedule::plan(std::string_view name) {
  WAAG_TRY(const auto rule, find(name));
  Run run;
  run.dry_run = true;
  submit_all(rule, run);
  return run;
}

void Schedule::submit_all(const MirrorRule& rule, Run& run) {
  for (const auto& repo : repos_of(rule, run)) {
    const auto revisions = revisions_of(rule, repo);
    if (!revisions) {
      run.note(about(rule.type, repo), revisions.error());
      continue;
    }
    for (const auto& revision : *revisions) submit(rule, repo, revision, run);
  }
}

void Schedule::submit(const MirrorRule& rule, const RepoId& repo, const std::string& revision,
                      Run& run) {
  if (run.jobs.size() >= jobs_max)
    return run.note(rule.name, fail(Errc::too_large, "more than 1,000 jobs in one run"));
  MirrorSpec spec;
  spec.repo = repo;
  spec.revision = revision;
  spec.include = rule.include;
  spec.exclude = rule.exclude;
  spec.convert = rule.convert;
  spec.dry_run = run.dry_run;
  NewJob job;
  job.kind = "mirror";
  job.spec = spec.to_json();
  job.spec["rule"] = rule.name;
  job.asker = {rule.owner, ""};
  // A run that is not over when the next begins goes on: there are no two of the same.
  job.key =
      (run.dry_run ? "plan " : "rule ") + rule.name + " " + about(rule.type, repo) + "@" + revision;
  const auto row = jobs_.submit(std::move(job));
  if (!row) return run.note(about(rule.type, repo), row.error());
  run.jobs.push_back(row->id);
}

std::vector<RepoId> Schedule::repos_of(const MirrorRule& rule, Run& run) {
  std::vector<RepoId> repos;
  std::set<std::string> seen;
  const auto take = [&](const RepoId& id) {
    if (seen.insert(id.full_name()).second) repos.push_back(id);
  };
  for (const auto& text : rule.repos) {
    const auto slash = text.find('/');
    if (!has_glob(text)) {
      const auto id = RepoId::make(rule.type, text.substr(0, slash), text.substr(slash + 1));
      if (id) take(*id);
      continue;
    }
    const auto found = listed(rule.type, text);
    if (!found) {
      run.note(text, found.error());
      continue;
    }
    for (const auto& id : *found) take(id);
  }
  return repos;
}

/// What all upstreams that are believed have of a namespace.
Result<std::vector<RepoId>> Schedule::listed(RepoType type, const std::string& pattern) {
  const hub::Glob glob(pattern, hub::Glob::Scope::path);
  std::vector<RepoId> matching;
  for (auto* hub : lookup_.hubs()) {
    if (!hub->trusted()) continue;
    WAAG_TRY(const auto all, hub->repos_of(type, pattern.substr(0, pattern.find('/')), call()));
    std::ranges::copy_if(all, std::back_inserter(matching),
                         [&](const RepoId& id) { return glob.matches(id.full_name()); });
  }
  return matching;
}

Result<std::vector<std::string>> Schedule::revisions_of(const MirrorRule& rule,
                                                        const RepoId& repo) {
  if (rule.revisions.empty()) return std::vector<std::string>{"main"};
  std::vector<std::string> found;
  std::optional<UpstreamRefs> refs;
  const auto take = [&](const std::string& name) {
    if (std::ranges::find(found, name) == found.end()) found.push_back(name);
  };
  for (const auto& text : rule.revisions) {
    if (!has_glob(text)) {
      take(text);
      continue;
    }
    if (!refs) {
      WAAG_TRY(refs, refs_of(repo));
    }
    const hub::Glob glob(text, hub::Glob::Scope::path);
    for (const auto* kind : {&refs->branches, &refs->tags})
      for (const auto& ref : *kind)
        if (glob.matches(ref.name)) take(ref.name);
  }
  return found;
}

Result<UpstreamRefs> Schedule::refs_of(const RepoId& repo) {
  if (const auto here = store_.find_repo(repo); here && here->mirrored) {
    WAAG_TRY(const auto row, store_.mirrors().find(here->uid));
    auto* bound = row ? lookup_.hub_of(*row) : nullptr;
    if (bound != nullptr) return bound->refs(repo, /*pull_requests=*/false, call());
  }
  Result<UpstreamRefs> refs = fail(Errc::repo_not_found, "no upstream has it");
  for (auto* hub : lookup_.hubs()) {
    if (!hub->trusted()) continue;
    refs = hub->refs(repo, /*pull_requests=*/false, call());
    if (refs || refs.error().code != Errc::repo_not_found) return refs;
  }
  return refs;
}

UpstreamCall Schedule::call() const {
  UpstreamCall made;
  made.deadline = std::chrono::steady_clock::now() + options_.call_time;
  made.priority = UpstreamPriority::job;
  return made;
}

}  // namespace waag::daemon
