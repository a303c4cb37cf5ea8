#include "daemon/mirror/xet/xet_reader.h"

#include <algorithm>

#include "daemon/upstream/body_queue.h"
#include "protocol/xet/xorb_stream.h"

namespace waag::daemon {
namespace {

/// Held of one transfer before it is decoded.
constexpr std::size_t queue_bytes = 2u << 20;
/// Longer than any idle time of a transfer, which ends it before.
constexpr std::chrono::minutes silence_max{10};
/// Fetched though it is here, or not asked for, when that saves a call for a plan.
constexpr std::uint64_t spare_bytes = 256 * 1024;
/// Rows of xorbs that are kept at hand.
constexpr std::size_t seen_max = 16;
/// Terms of so many chunks are remembered, and so many chunks of them.
constexpr std::uint32_t short_term_chunks = 4;
constexpr std::size_t recent_max = 32;
/// Of a plan: JSON of some 400 bytes a term.
constexpr std::size_t plan_bytes_max = 32u << 20;

Error odd(std::string what) {
  return fail(Errc::upstream_failed, "Xet of the upstream: " + std::move(what));
}

Error refused(unsigned status) {
  const auto what = "answers " + std::to_string(status);
  return status == 401 || status == 403 ? fail(Errc::forbidden, "Xet of the upstream: " + what)
                                        : odd(what);
}

Status is_part(const UpstreamReply& reply) {
  if (reply.status == 200 || reply.status == 206) return ok();
  return refused(reply.status);
}

}  // namespace

/// A transfer of a range of a xorb, ended when it goes out of sight.
class XetReader::Fetch {
 public:
  Fetch(XetReader& reader, UpstreamRequest request)
      : reader_(reader), queue_(std::make_shared<BodyQueue>(is_part, queue_bytes)) {
    transfer_ = reader.parts_.hub.http().stream(std::move(request), queue_);
    const std::scoped_lock lock(reader.mutex_);
    reader.transfer_ = transfer_;
    if (reader.stopped_) transfer_->cancel();
  }
  ~Fetch() {
    queue_->close();
    transfer_->cancel();
    const std::scoped_lock lock(reader_.mutex_);
    reader_.transfer_.reset();
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  Result<std::optional<Bytes>> next() {
    auto piece = queue_->next(std::chrono::steady_clock::now() + silence_max);
    if (queue_->was_full()) transfer_->resume();
    return piece;
  }

 private:
  XetReader& reader_;
  const std::shared_ptr<BodyQueue> queue_;
  std::shared_ptr<HttpClient::Transfer> transfer_;
};

void XetReader::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  if (transfer_) transfer_->cancel();
}

Status XetReader::read(storage::Stretch part, const Take& take) {
  take_ = &take;
  left_ = part.size();
  WAAG_TRY(const auto said, plan(part));
  if (said.offset_into_first_range > part.begin) return odd("its plan begins before the file");
  skip_ = said.offset_into_first_range;
  auto at = part.begin - skip_;
  for (const auto& term : said.terms) {
    if (left_ == 0) break;
    WAAG_CHECK(read_term(said, term, at));
    at += term.raw_bytes;
  }
  return left_ == 0 ? ok() : Status(odd("its plan ends before the part"));
}

Result<std::uint64_t> XetReader::known_bytes(storage::Stretch part) {
  WAAG_TRY(const auto said, plan(part));
  std::uint64_t bytes = 0;
  for (const auto& term : said.terms) {
    WAAG_TRY(const auto known, known_of(term));
    bytes += std::uint64_t{known.front_bytes} + known.back_bytes;
  }
  return std::min(bytes, part.size());
}

Result<xet::RemotePlan> XetReader::plan(storage::Stretch part) {
  WAAG_TRY(auto reply, ask_plan(part));
  if (second_version_ && (reply.status == 404 || reply.status == 501)) {
    second_version_ = false;
    WAAG_TRY(reply, ask_plan(part));
  }
  if (reply.status == 401 || reply.status == 403) {  // tokens may end before their time
    parts_.tokens.forget(parts_.hub, file_.repo, file_.commit);
    WAAG_TRY(reply, ask_plan(part));
  }
  if (reply.status != 200) return refused(reply.status);
  return xet::parse_remote_plan(reply.body);
}

/// Outside the hub's budget and count of failures: it is another server, or another part of it.
Result<UpstreamReply> XetReader::ask_plan(storage::Stretch part) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return fail(Errc::unavailable, "cancelled");
  }
  const auto call = single_call(parts_.call_time);
  WAAG_TRY(const auto token, parts_.tokens.get(parts_.hub, file_.repo, file_.commit, call));
  UpstreamRequest request;
  request.url = token.cas_url + (second_version_ ? "/v2" : "/v1") + "/reconstructions/" +
                xet::xet_string(file_.hash);
  request.headers.set("Authorization", "Bearer " + token.token.reveal());
  request.range_asked = http::ByteRange{part.begin, part.end - 1};
  request.body_bytes_max = plan_bytes_max;
  request.time_max = parts_.call_time;
  return parts_.hub.http().fetch(request);
}

Status XetReader::read_term(const xet::RemotePlan& plan, const xet::PlanTerm& term,
                            std::uint64_t at) {
  WAAG_TRY(const auto known, known_of(term));
  WAAG_CHECK(read_known(known.front));
  const auto front = static_cast<std::uint32_t>(known.front.size());
  const auto back = static_cast<std::uint32_t>(known.back.size());
  const xet::PlanTerm rest{term.xorb, term.begin + front, term.end - back,
                           term.raw_bytes - known.front_bytes - known.back_bytes};
  if (rest.begin < rest.end && left_ > 0)
    WAAG_CHECK(fetch_term(plan, rest, at + known.front_bytes));
  return read_known(known.back);
}

Status XetReader::fetch_term(const xet::RemotePlan& plan, const xet::PlanTerm& term,
                             std::uint64_t at) {
  const auto& range = plan.range_of(term);
  if (range.at.wire_end - range.at.wire_begin <= term.raw_bytes + spare_bytes)
    return fetch_range(range, term);
  WAAG_TRY(const auto narrow, this->plan({at, at + term.raw_bytes}));
  const bool same = narrow.terms.size() == 1 && narrow.terms.front() == term &&
                    narrow.offset_into_first_range == 0;
  return fetch_range(same ? narrow.range_of(term) : range, term);
}

Status XetReader::fetch_range(const xet::RemoteRange& range, const xet::PlanTerm& wanted) {
  UpstreamRequest request;
  request.url = range.url;
  request.range = http::ByteRange{range.at.wire_begin, range.at.wire_end - 1};
  request.throttle = parts_.throttle;
  auto number = range.at.begin;
  std::uint64_t got = 0;
  const auto take = [&](const xet::XorbChunk& chunk, ByteView raw) -> Status {
    if (number == range.at.end) return odd("a range of too many chunks");
    const auto here = number++;
    if (here < wanted.begin || here >= wanted.end) return ok();
    got += raw.size();
    if (got > wanted.raw_bytes) return odd("chunks longer than their term");
    WAAG_CHECK(deliver(raw));
    remember(wanted, here, {chunk.hash, static_cast<std::uint32_t>(raw.size())}, raw);
    return ok();
  };
  Fetch fetch(*this, std::move(request));
  xet::XorbStream xorb;
  while (true) {
    WAAG_TRY(const auto piece, fetch.next());
    if (!piece) break;
    parts_.traffic.count(XetRoad::xet, piece->size());
    WAAG_CHECK(xorb.feed(*piece, take));
  }
  WAAG_TRY(const auto whole, xorb.finish());
  if (number != range.at.end || got != wanted.raw_bytes)
    return odd("chunks shorter than their term");
  return ok();
}

/// The chunks at both ends of a term that are here. What lies between is fetched even if some of it
/// is here too: only the lengths of known chunks are known, so nobody could say where it lies.
Result<XetReader::Known> XetReader::known_of(const xet::PlanTerm& term) {
  WAAG_TRY(const auto* row, seen(term.xorb));
  const bool short_term = term.end - term.begin <= short_term_chunks;
  Known known;
  auto first = term.begin;
  const auto take = [&](std::uint32_t number, std::vector<storage::XorbChunk>& to,
                        std::uint32_t& bytes) -> Result<bool> {
    const auto found = row->find(number);
    if (found == row->end()) return false;
    WAAG_TRY(const bool here, is_here(found->second, short_term));
    if (!here) return false;
    to.push_back(found->second);
    bytes += found->second.raw_bytes;
    return true;
  };
  for (; first < term.end; ++first) {
    WAAG_TRY(const bool taken, take(first, known.front, known.front_bytes));
    if (!taken) break;
  }
  for (auto last = term.end; last > first; --last) {
    WAAG_TRY(const bool taken, take(last - 1, known.back, known.back_bytes));
    if (!taken) break;
  }
  std::ranges::reverse(known.back);
  const auto bytes = std::uint64_t{known.front_bytes} + known.back_bytes;
  const auto chunks = known.front.size() + known.back.size();
  const bool all = chunks == term.end - term.begin;
  // What an upstream said before does not hold against what it says now.
  if (all ? bytes != term.raw_bytes : bytes >= term.raw_bytes) return Known{};
  if (!all && (short_term || bytes < spare_bytes)) return Known{};
  return known;
}

Result<const storage::SeenXorb*> XetReader::seen(const XorbHash& xorb) {
  if (const auto found = seen_.find(xorb); found != seen_.end()) return &found->second;
  if (seen_.size() >= seen_max) seen_.clear();
  WAAG_TRY(auto row, parts_.chunks.seen(xorb));
  return &seen_.emplace(xorb, std::move(row)).first->second;
}

Result<bool> XetReader::is_here(const storage::XorbChunk& chunk, bool or_recent) const {
  if (or_recent && recent_.contains(chunk.hash)) return true;
  return parts_.chunks.holds(chunk);
}

Status XetReader::read_known(const std::vector<storage::XorbChunk>& chunks) {
  for (const auto& chunk : chunks) {
    if (left_ == 0) return ok();
    const auto recent = recent_.find(chunk.hash);
    if (recent != recent_.end()) {
      WAAG_CHECK(deliver(recent->second));
      parts_.traffic.count(XetRoad::local, chunk.raw_bytes);
      continue;
    }
    WAAG_TRY(const auto raw, parts_.chunks.read(chunk));
    WAAG_CHECK(deliver(raw));
    parts_.traffic.count(XetRoad::local, chunk.raw_bytes);
  }
  return ok();
}

void XetReader::remember(const xet::PlanTerm& term, std::uint32_t number,
                         const storage::XorbChunk& chunk, ByteView raw) {
  parts_.learn(term.xorb, number, chunk);
  if (term.end - term.begin > short_term_chunks) return;
  if (recent_.size() >= recent_max) recent_.clear();
  recent_[chunk.hash] = Bytes(raw.begin(), raw.end());
  seen_[term.xorb].insert_or_assign(number, chunk);
}

Status XetReader::deliver(ByteView raw) {
  const auto before = std::min<std::uint64_t>(skip_, raw.size());
  skip_ -= before;
  raw = raw.subspan(static_cast<std::size_t>(before));
  raw = raw.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, raw.size())));
  if (raw.empty()) return ok();
  WAAG_CHECK((*take_)(raw));
  left_ -= raw.size();
  return ok();
}

}  // namespace waag::daemon
