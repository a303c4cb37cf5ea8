#include "daemon/mirror/pull_through.h"

#include <algorithm>
#include <array>
#include <list>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/api/common/target.h"
#include "protocol/http/field.h"
#include "storage/meta/accounts/orgs.h"

namespace waag::daemon {
namespace {

/// Revisions whose last look is remembered.
constexpr std::size_t entries_max = 100'000;

/// Routes that show what an upstream may have, by their names.
constexpr std::array content_routes{
    std::string_view("resolve"),       std::string_view("resolve_cache"),
    std::string_view("raw"),           std::string_view("repo_info"),
    std::string_view("revision_info"), std::string_view("tree"),
    std::string_view("treesize"),      std::string_view("paths_info"),
    std::string_view("refs"),          std::string_view("commits"),
    std::string_view("commit_page"),   std::string_view("xet_read_token"),
    std::string_view("lfs_files"),     std::string_view("auth_check"),
    std::string_view("git_refs"),      std::string_view("raw_refs"),
    std::string_view("v2_manifest"),   std::string_view("v2_blob")};
/// Of these the rest of the path is no revision.
constexpr std::array whole_repo_routes{
    std::string_view("repo_info"),   std::string_view("refs"),     std::string_view("lfs_files"),
    std::string_view("auth_check"),  std::string_view("git_refs"), std::string_view("commit_page"),
    std::string_view("v2_manifest"), std::string_view("v2_blob"),  std::string_view("raw_refs")};

std::string revision_of(const Route& route, const Request& request) {
  if (std::ranges::find(whole_repo_routes, route.name) != whole_repo_routes.end()) return "main";
  if (request.rest.empty()) return "main";
  const auto& first = request.rest.front();
  if (first == "HEAD" || first == "None") return "main";
  if (first != "refs" || request.rest.size() < 3) return first;
  return first + "/" + request.rest[1] + "/" + request.rest[2];
}

std::string key_of(const AskedRevision& asked) {
  auto key = std::string(to_string(asked.repo.type)) + "/" + asked.repo.full_name();
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return key + (asked.history ? "#" : "@") + asked.revision;
}

bool is_absence(Errc code) {
  return code == Errc::repo_not_found || code == Errc::revision_not_found ||
         code == Errc::entry_not_found || code == Errc::not_found || code == Errc::conflict;
}

/// What holds for a while: nothing is there, or a rule of our own keeps it out.
bool is_answer(Errc code) { return is_absence(code) || code == Errc::forbidden; }

/// What a client is told of an upstream's trouble: never that something is not there, or that it
/// may not.
Error as_trouble(Error error) {
  switch (error.code) {
    case Errc::deadline_exceeded:
    case Errc::no_space:
    case Errc::unavailable:
      return error;
    case Errc::forbidden:  // by a rule of our own
      return error;
    default:
      error.code = Errc::upstream_failed;
      return error;
  }
}

}  // namespace

/// What the store knows of a revision.
struct PullThrough::Local {
  bool own = false;       // not an upstream's, or shadowed by a name of our own
  bool repo = false;      // mirrored, here
  bool revision = false;  // and this revision of it
  bool pinned = false;    // it is a commit that is here: never asked for again
  bool proven = false;
  std::uint64_t uid = 0;
  storage::TimeMs checked{};
  storage::TimeMs gone{};
};

/// One look at the upstream, and those who wait for it.
struct PullThrough::Answer {
  struct Waiter {
    asio::any_io_executor executor;
    std::shared_ptr<asio::steady_timer> timer;
  };
  bool over = false;  // guarded by the mutex of PullThrough, as all here
  Status status = ok();
  std::list<Waiter> waiters;
};

void tell_age(const Prepared& prepared, Headers& headers) {
  if (prepared.stale) {
    const auto age = std::to_string(prepared.stale->count());
    headers.set("X-Waag-Stale", age);
    headers.set("Warning", "111 - \"Revalidation Failed\"");
    headers.set("X-HF-Warning", "stale; The upstream cannot be reached: this is what it had " +
                                    age + " seconds ago.");
  }
  if (prepared.gone)
    headers.set("X-HF-Warning", "gone; The upstream does not have this repository any more.");
}

std::optional<AskedRevision> AskedRevision::of(const Route& route, const Request& request) {
  if (std::ranges::find(content_routes, route.name) == content_routes.end()) return std::nullopt;
  const auto id = repo_of(request);
  if (!id) return std::nullopt;
  AskedRevision asked;
  asked.repo = *id;
  asked.revision = revision_of(route, request);
  asked.history = route.name == "git_refs" || route.name == "raw_refs";
  return asked;
}

PullThrough::PullThrough(storage::Store& store, asio::thread_pool& blocking, storage::Clock& clock,
                         Lookup& lookup, Options options)
    : store_(store),
      blocking_(blocking),
      clock_(clock),
      lookup_(lookup),
      options_(options),
      threads_(options.threads) {}

PullThrough::~PullThrough() { threads_.join(); }

Result<PullThrough::Local> PullThrough::look_here(const AskedRevision& asked) const {
  Local local;
  auto repo = store_.find_repo(asked.repo);
  if (!repo && repo.error().code == Errc::repo_not_found) repo = store_.find_moved_repo(asked.repo);
  if (!repo && repo.error().code != Errc::repo_not_found) return repo.error();
  if (!repo) {
    // A namespace of our own is ours alone: nobody may slip a repo into it from outside.
    const auto user = store_.find_user(asked.repo.ns);
    const auto org = store_.orgs().find(asked.repo.ns);
    local.own = user.has_value() || org.has_value();
    return local;
  }
  local.own = !repo->mirrored;
  if (local.own) return local;
  WAAG_TRY(const auto mirror, store_.mirrors().find(repo->uid));
  if (!mirror) return fail(Errc::corrupt, "a mirrored repo without its row");
  local.repo = true;
  local.uid = repo->uid;
  local.proven = mirror->proven;
  local.checked = mirror->checked;
  local.gone = mirror->gone;
  const auto commit = store_.resolve(repo->uid, asked.revision);
  if (!commit && commit.error().code != Errc::revision_not_found) return commit.error();
  local.revision = commit.has_value() && (!asked.history || local.proven);
  local.pinned = local.revision && commit->hex() == asked.revision;
  return local;
}

bool PullThrough::may_trigger(const Identity& who) const {
  switch (options_.who) {
    case Who::anyone:
      return true;
    case Who::users:
      return !who.anonymous();
    case Who::admins:
      return who.hub_admin;
    case Who::nobody:
      return false;
  }
  return false;
}

Task<Prepared> PullThrough::prepare(AskedRevision asked, Identity who) {
  auto look = [this, asked] { return look_here(asked); };
  auto looked = co_await offload(blocking_, look);
  if (!looked) {
    Prepared failed;
    failed.trouble = looked.error();
    co_return failed;
  }
  auto local = *looked;
  if (local.own || local.pinned) co_return Prepared{};
  if (!local.revision && !may_trigger(who)) co_return Prepared{};
  const auto key = key_of(asked);
  std::shared_ptr<Answer> answer;
  {
    const std::scoped_lock lock(mutex_);
    const auto known = entries_.find(key);
    if (known != entries_.end() && known->second.running) {
      answer = known->second.running;
    } else if (known != entries_.end() &&
               std::chrono::steady_clock::now() < known->second.fresh_until) {
      // A failure is remembered for the sake of what is here alone.
      const auto& error = known->second.error;
      if (!error || is_answer(error->code) || local.revision)
        co_return judge(local, error, /*answered=*/true);
    }
    if (!answer) answer = start(asked, key);
  }
  const auto limit = local.revision ? std::min(options_.wait, options_.wait_here) : options_.wait;
  const bool answered = co_await wait_for(answer, limit);
  std::optional<Error> error;
  {
    const std::scoped_lock lock(mutex_);
    if (answered && !answer->status) error = answer->status.error();
  }
  co_return judge(local, error, answered);
}

/// @param answered  false: the upstream is still being asked
Prepared PullThrough::judge(const Local& local, const std::optional<Error>& error,
                            bool answered) const {
  Prepared prepared;
  prepared.gone = local.gone != storage::TimeMs{};
  if (answered && !error) return prepared;
  if (error && is_absence(error->code)) {
    prepared.gone = prepared.gone || (local.repo && error->code == Errc::repo_not_found);
    return prepared;
  }
  if (local.revision) {
    if (!answered || (error && error->code != Errc::forbidden)) {
      const auto age = std::max(clock_.now() - local.checked, std::chrono::milliseconds(0));
      prepared.stale = std::chrono::duration_cast<std::chrono::seconds>(age);
    }
    return prepared;
  }
  prepared.trouble =
      error ? as_trouble(*error)
            : fail(Errc::deadline_exceeded, "the upstream has not answered yet: ask again");
  return prepared;
}

/// Under the lock.
std::shared_ptr<PullThrough::Answer> PullThrough::start(const AskedRevision& asked,
                                                        const std::string& key) {
  if (entries_.size() >= entries_max) drop_old();
  auto answer = std::make_shared<Answer>();
  entries_[key].running = answer;
  asio::post(threads_, [this, asked, key, answer] {
    Status status = ok();
    try {
      UpstreamCall call;
      call.deadline = std::chrono::steady_clock::now() + options_.call;
      const auto found = lookup_.bring({asked.repo, asked.revision, call});
      if (!found)
        status = found.error();
      else if (asked.history)
        status = history_of(found->repo.uid);
    } catch (const std::exception& thrown) {
      status = fail(Errc::internal, thrown.what());
    }
    finish(key, answer, std::move(status));
  });
  return answer;
}

/// Without it there is a repo all the same, so "not found" would be no answer.
Status PullThrough::history_of(std::uint64_t uid) {
  auto came = lookup_.bring_history(uid);
  if (!came && came.error().code == Errc::not_found)
    return fail(Errc::upstream_failed, came.error().what);
  return came;
}

void PullThrough::finish(const std::string& key, const std::shared_ptr<Answer>& answer,
                         Status status) {
  const std::scoped_lock lock(mutex_);
  auto& entry = entries_[key];
  entry.running.reset();
  entry.error.reset();
  auto ttl = options_.ttl;
  if (!status) {
    entry.error = status.error();
    ttl = is_answer(status.error().code) ? options_.negative_ttl : options_.failure_ttl;
  }
  entry.fresh_until = std::chrono::steady_clock::now() + ttl;
  answer->status = std::move(status);
  answer->over = true;
  for (auto& waiter : answer->waiters)
    asio::post(waiter.executor, [timer = waiter.timer] { timer->cancel(); });
}

/// @return false if it took too long
Task<bool> PullThrough::wait_for(std::shared_ptr<Answer> answer, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor, limit);
  {
    const std::scoped_lock lock(mutex_);
    if (answer->over) co_return true;
    answer->waiters.push_back({executor, timer});
  }
  boost::system::error_code woken;
  co_await timer->async_wait(asio::redirect_error(use_awaitable, woken));
  const std::scoped_lock lock(mutex_);
  answer->waiters.remove_if([&](const Answer::Waiter& waiter) { return waiter.timer == timer; });
  co_return answer->over;
}

/// Under the lock.
void PullThrough::drop_old() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(entries_, [now](const auto& entry) {
    return !entry.second.running && entry.second.fresh_until < now;
  });
  // All are young: somebody asks for ever new names. What goes is asked for once more.
  for (auto at = entries_.begin(); at != entries_.end() && entries_.size() >= entries_max;)
    at = at->second.running ? std::next(at) : entries_.erase(at);
}

}  // namespace waag::daemon
