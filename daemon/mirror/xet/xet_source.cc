#include "daemon/mirror/xet/xet_source.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/mirror/xet/known_terms.h"
#include "daemon/mirror/xet/xet_part.h"

namespace waag::daemon {
namespace {

/// Then the rest of the file comes by plain HTTP.
constexpr unsigned troubles_max = 2;
/// Remembered of one file: all of one of 32 GiB, in some 50 MiB of memory.
constexpr std::size_t learned_chunks_max = 512 * 1024;
/// The second one's bytes come while the end of the first is told.
constexpr unsigned leads_at_once = 2;

/// What is here already from another repo comes once more: it stays a small part of a file.
std::uint64_t lead_bytes_of(std::uint64_t size_bytes) {
  return std::min(lead_bytes_max, size_bytes / 4);
}

}  // namespace

/// A transfer by plain HTTP of which no more is wanted than how long it was.
class XetSource::Counted final : public UpstreamSink {
 public:
  Counted(std::shared_ptr<XetSource> source, std::shared_ptr<UpstreamSink> sink)
      : source_(std::move(source)), sink_(std::move(sink)) {}
  Status begin(const UpstreamReply& reply) override { return sink_->begin(reply); }
  Status write(ByteView bytes) override {
    source_->count_plain(bytes.size());
    return sink_->write(bytes);
  }
  void done(Status status) override { sink_->done(std::move(status)); }
  bool full() override { return sink_->full(); }

 private:
  const std::shared_ptr<XetSource> source_;
  const std::shared_ptr<UpstreamSink> sink_;
};

XetSource::XetSource(XetServices& services, HubClient& hub, std::shared_ptr<ByteSource> plain,
                     File file)
    : services_(services),
      hub_(hub),
      file_(std::move(file)),
      plain_(std::move(plain)),
      chunks_(services.store.rows(), services.store.packs(), hub.base_url()),
      traffic_(&services.traffic) {}

std::shared_ptr<HttpClient::Transfer> XetSource::fetch(storage::Stretch part,
                                                       std::shared_ptr<UpstreamSink> sink,
                                                       std::shared_ptr<const Throttle> throttle) {
  if (is_plain())
    return plain_->fetch(part, std::make_shared<Counted>(shared_from_this(), std::move(sink)),
                         std::move(throttle));
  auto made =
      std::make_shared<XetPart>(shared_from_this(), part, std::move(sink), std::move(throttle));
  if (may_lead(part))
    made->lead();
  else
    on_worker([made] { made->run(); });
  return made;
}

void XetSource::on_worker(std::function<void()> work) {
  boost::asio::post(services_.workers, std::move(work));
}

void XetSource::begin_lead() {
  if (!file_.repo_uid) return;
  const auto other = services_.other_revisions.has(*file_.repo_uid, file_.there.commit);
  if (!other || *other) return;
  const std::scoped_lock lock(mutex_);
  lead_left_ = lead_bytes_of(file_.there.size_bytes);
}

/// Until a byte has come by Xet.
bool XetSource::may_lead(storage::Stretch part) {
  if (part.size() > lead_bytes_of(file_.there.size_bytes)) return false;
  std::call_once(lead_begun_, [this] { begin_lead(); });
  const bool there = traffic_.bytes(XetRoad::xet) + traffic_.bytes(XetRoad::local) > 0;
  const std::scoped_lock lock(mutex_);
  if (there || leads_ == leads_at_once || part.size() > lead_left_) return false;
  ++leads_;
  lead_left_ -= part.size();
  return true;
}

void XetSource::end_lead(storage::Stretch came, bool failed) {
  {
    const std::scoped_lock lock(mutex_);
    --leads_;
    if (failed) lead_left_ = 0;
    has_led_ = has_led_ || came.size() > 0;
  }
  if (came.size() == 0) return;
  // If Xet is not to be had, the parts behind say so.
  on_worker([self = shared_from_this(), came] { static_cast<void>(self->ask_terms(came)); });
}

Status XetSource::ask_terms(storage::Stretch came) {
  WAAG_TRY(const auto from, reader(nullptr));
  WAAG_TRY(auto plan, from->plan(came));
  if (plan.offset_into_first_range > came.begin) return ok();
  came.begin -= plan.offset_into_first_range;
  came.end = came.begin;
  for (const auto& term : plan.terms) came.end += term.raw_bytes;
  const std::scoped_lock lock(mutex_);
  led_.push_back({came, std::move(plan.terms)});
  return ok();
}

bool XetSource::is_plain() const {
  const std::scoped_lock lock(mutex_);
  return plain_only_;
}

Result<std::shared_ptr<XetReader>> XetSource::reader(std::shared_ptr<const Throttle> throttle) {
  WAAG_TRY(const auto hash, file_hash());
  auto learn = [self = shared_from_this()](const XorbHash& xorb, std::uint32_t number,
                                           const storage::XorbChunk& chunk) {
    self->learn(xorb, number, chunk);
  };
  XetReader::Parts parts{hub_,
                         services_.tokens,
                         chunks_,
                         traffic_,
                         services_.call_time,
                         std::move(learn),
                         std::move(throttle)};
  XetReader::File file{file_.there.repo, file_.there.commit, hash};
  return std::make_shared<XetReader>(std::move(parts), std::move(file));
}

/// As the upstream's answer for the file says; not followed to where the bytes are.
Result<FileHash> XetSource::file_hash() {
  const std::scoped_lock one(asking_);
  {
    const std::scoped_lock lock(mutex_);
    if (hash_) return *hash_;
    if (plain_only_) return fail(Errc::not_found, "not by Xet");
  }
  if (services_.tokens.has_given(hub_))
    on_worker([self = shared_from_this()] { self->ask_token(); });
  auto hash = ask_hash();
  const std::scoped_lock lock(mutex_);
  // What failed for one part is not tried again for its neighbours, which wait here.
  if (hash)
    hash_ = *hash;
  else
    plain_only_ = true;
  return hash;
}

/// So that it is there when the hash is.
void XetSource::ask_token() {
  const auto call = single_call(services_.call_time);
  static_cast<void>(services_.tokens.get(hub_, file_.there.repo, file_.there.commit, call));
}

Result<FileHash> XetSource::ask_hash() {
  auto request = hub_.file_request(file_.there.repo, file_.there.commit, file_.there.path);
  request.method = "HEAD";
  request.follow = false;
  const auto call = single_call(services_.call_time);
  WAAG_TRY(const auto reply, hub_.fetch(UpstreamBucket::resolvers, std::move(request), call));
  if (reply.status >= 400) return upstream_error(reply.status, reply.headers);
  const auto text = reply.headers.get("X-Xet-Hash");
  if (!text) return fail(Errc::not_found, "not by Xet");
  return xet::parse_xet_string<FileHash>(*text);
}

void XetSource::note_trouble(const Error& error) {
  {
    const std::scoped_lock lock(mutex_);
    if (plain_only_) return;
    plain_only_ = ++troubles_ >= troubles_max;
  }
  services_.log("xet_failed", file_.about, error);
}

void XetSource::learn(const XorbHash& xorb, std::uint32_t number, const storage::XorbChunk& chunk) {
  const std::scoped_lock lock(mutex_);
  if (learned_chunks_ >= learned_chunks_max) return;
  if (learned_[xorb].insert_or_assign(number, chunk).second) ++learned_chunks_;
}

/// The bytes were wrong: those that led, or those of Xet, if any came so. Nothing is kept of them.
Result<std::uint64_t> XetSource::known_bytes() {
  if (is_plain()) return 0;
  WAAG_TRY(const auto from, reader(nullptr));
  return from->known_bytes({0, file_.there.size_bytes});
}

bool XetSource::change_way() {
  const std::scoped_lock lock(mutex_);
  learned_.clear();
  learned_chunks_ = 0;
  led_.clear();
  const bool by_xet = traffic_.bytes(XetRoad::xet) + traffic_.bytes(XetRoad::local) > 0;
  if (by_xet && !plain_only_ && std::exchange(has_led_, false)) {
    lead_left_ = 0;  // nobody knows which road's were wrong: next Xet alone, then plain HTTP alone
    return true;
  }
  plain_only_ = true;
  return !std::exchange(way_changed_, true) && by_xet;
}

/// Only now: what a wrong file consisted of would make the next one wrong too.
void XetSource::filled() {
  if (const auto known = learn_leads(); !known) services_.log("xet_not_kept", file_.about, known);
  std::map<XorbHash, storage::SeenXorb> learned;
  {
    const std::scoped_lock lock(mutex_);
    learned = std::exchange(learned_, {});
    learned_chunks_ = 0;
  }
  if (const auto kept = chunks_.add(learned); !kept)
    services_.log("xet_not_kept", file_.about, kept);
  check_hash();
}

Status XetSource::learn_leads() {
  std::vector<Led> led;
  {
    const std::scoped_lock lock(mutex_);
    led = std::exchange(led_, {});
  }
  for (const auto& [of, terms] : led) {
    WAAG_TRY(const auto here,
             storage::file_chunks(services_.store.rows(), file_.blob, of.begin, of.end));
    for (const auto& [xorb, chunks] : chunks_of_terms(here, of.begin, terms))
      for (const auto& [number, chunk] : chunks) learn(xorb, number, chunk);
  }
  return ok();
}

/// The bytes are the file's; whether the upstream calls it by its right name is worth knowing.
void XetSource::check_hash() {
  std::optional<FileHash> said;
  {
    const std::scoped_lock lock(mutex_);
    said = hash_;
  }
  if (!said) return;
  const auto made = services_.store.xet().hashes_of({&file_.blob, 1});
  if (!made || made->empty() || !made->front() || *made->front() == *said) return;
  services_.log("xet_hash_differs", file_.about,
                fail(Errc::upstream_failed, "the upstream calls it " + xet::xet_string(*said)));
}

}  // namespace waag::daemon
