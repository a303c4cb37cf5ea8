#include "daemon/upstream/history/history.h"

#include <algorithm>
#include <map>

#include "protocol/git/stream/raw_writer.h"

namespace waag::daemon {
namespace {

/// For a pack that comes at a rule's rate, not at the link's.
constexpr std::chrono::hours capped_time{24};

/// What the upstream sent is wrong, whatever we call that of a user's push.
Status blame(Status status) {
  if (!status && status.error().code == Errc::unprocessable)
    return fail(Errc::upstream_failed, "history: " + status.error().what);
  return status;
}

/// "https://host:port"
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == url.npos) return {};
  return url.substr(0, url.find('/', host + 3));
}

bool is_selected(const HistoryRequest& request, std::string_view name) {
  return storage::is_mirrored_ref(name) && request.selected(name);
}

Result<std::vector<CommitId>> held(const storage::GitPush& push, const HistoryRequest& request) {
  std::vector<CommitId> haves;
  for (const auto& id : request.haves) {
    if (haves.size() == git::raw_haves_max) break;
    WAAG_TRY(const bool here, push.holds(id));
    if (here) haves.push_back(id);
  }
  return haves;
}

}  // namespace

Result<History> fetch_history(HistorySource& source, storage::GitPush& push,
                              const HistoryRequest& request) {
  WAAG_TRY(auto upstream, source.refs(request.until));
  History history;
  history.head = std::move(upstream.head);
  std::map<std::string, GitId> wanted;
  for (auto& ref : upstream.refs) {
    if (!is_selected(request, ref.name)) continue;
    wanted[ref.name] = ref.id;
    history.refs.push_back(std::move(ref));
  }
  const auto selected = [&request](std::string_view name) { return is_selected(request, name); };
  WAAG_TRY(const auto plan, push.plan(wanted, selected));
  if (!plan.wants.empty()) {
    WAAG_TRY(const auto haves, held(push, request));
    WAAG_CHECK(source.pack(plan.wants, haves, request.until, [&](ByteView bytes) {
      history.pack_bytes += bytes.size();
      return blame(push.feed(bytes));
    }));
  }
  WAAG_CHECK(blame(push.check(plan.request)));
  WAAG_TRY(auto reports, push.land(plan.request));
  history.moves = reports.size();
  for (auto& report : reports)
    if (!report.reason.empty()) history.refused.push_back(std::move(report));
  return history;
}

Result<std::chrono::milliseconds> time_until(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return fail(Errc::deadline_exceeded, "no time left to fetch a history");
  return left;
}

HistorySource::Until for_pack(HistorySource::Until until) {
  if (until.throttle && until.throttle->rate() > 0)
    until.deadline = std::max(until.deadline, std::chrono::steady_clock::now() + capped_time);
  return until;
}

Result<std::string> followed_base(const std::string& base, std::string_view path,
                                  std::string_view answered) {
  if (answered.empty() || !answered.ends_with(path)) return base;
  if (origin_of(answered) != origin_of(base))
    return fail(Errc::upstream_failed, "a history is at another host");
  return std::string(answered.substr(0, answered.size() - path.size()));
}

Status drain(BodyQueue& queue, HttpClient::Transfer& transfer, const HistorySource::Until& until,
             const HistorySource::Take& take) {
  const auto take_all = [&]() -> Status {
    while (true) {
      WAAG_TRY(const auto part, queue.next(until.deadline));
      if (queue.was_full()) transfer.resume();
      if (!part) return ok();
      WAAG_CHECK(take(*part));
    }
  };
  Status status;
  {
    const std::stop_callback stop(until.stop, [&transfer] { transfer.cancel(); });
    status = take_all();
  }
  queue.close();
  if (!status) transfer.cancel();
  return status;
}

}  // namespace waag::daemon
