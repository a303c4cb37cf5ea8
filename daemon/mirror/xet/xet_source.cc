#include "daemon/mirror/xet/xet_source.h"

#include <boost/asio/post.hpp>

#include "daemon/mirror/xet/xet_part.h"

namespace waag::daemon {
namespace {

/// Then the rest of the file comes by plain HTTP.
constexpr unsigned troubles_max = 2;
/// Remembered of one file: all of one of 32 GiB, in some 50 MiB of memory.
constexpr std::size_t learned_chunks_max = 512 * 1024;

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
  boost::asio::post(services_.workers, [made] { made->run(); });
  return made;
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
  auto hash = ask_hash();
  const std::scoped_lock lock(mutex_);
  // What failed for one part is not tried again for its neighbours, which wait here.
  if (hash)
    hash_ = *hash;
  else
    plain_only_ = true;
  return hash;
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

/// The bytes were wrong: those of Xet, if any came so. Nothing is kept of them.
bool XetSource::change_way() {
  const std::scoped_lock lock(mutex_);
  learned_.clear();
  learned_chunks_ = 0;
  plain_only_ = true;
  const bool by_xet = traffic_.bytes(XetRoad::xet) + traffic_.bytes(XetRoad::local) > 0;
  return !std::exchange(way_changed_, true) && by_xet;
}

/// Only now: what a wrong file consisted of would make the next one wrong too.
void XetSource::filled() {
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
