#include "daemon/mirror/xet/xet_part.h"

#include "daemon/mirror/xet/xet_source.h"

namespace waag::daemon {

/// What plain HTTP brings of a part.
class XetPart::Plain final : public UpstreamSink {
 public:
  /// @param leads  Xet comes behind it if it fails: the part's sink need not know
  Plain(std::shared_ptr<XetPart> part, bool leads) : part_(std::move(part)), leads_(leads) {}

  Status begin(const UpstreamReply& reply) override {
    if (reply.status == 200 || reply.status == 206) return ok();
    if (!leads_) return part_->delivery_.refusal(reply);
    return fail(Errc::upstream_failed, "the upstream answers " + std::to_string(reply.status));
  }
  Status write(ByteView bytes) override {
    part_->source_->count_plain(bytes.size());
    return part_->delivery_.put(bytes);
  }
  void done(Status status) override {
    if (leads_) return part_->lead_over(status);
    part_->delivery_.end(status);
  }
  bool full() override { return part_->delivery_.full(); }

 private:
  const std::shared_ptr<XetPart> part_;
  const bool leads_;
};

XetPart::XetPart(std::shared_ptr<XetSource> source, storage::Stretch part,
                 std::shared_ptr<UpstreamSink> sink, std::shared_ptr<const Throttle> throttle)
    : source_(std::move(source)),
      throttle_(std::move(throttle)),
      delivery_(part, std::move(sink)) {}

XetPart::~XetPart() = default;

void XetPart::run() {
  if (delivery_.over()) return;
  Status result = ok();
  try {
    result = bring();
  } catch (const std::exception& thrown) {
    result = fail(Errc::internal, thrown.what());
  }
  if (result || delivery_.refused() || delivery_.over()) return delivery_.end(result);
  source_->note_trouble(result.error());
  bring_rest_plainly();
}

void XetPart::lead() {
  leads_ = true;  // nobody else has this yet
  auto transfer =
      source_->plain().fetch({delivery_.at(), delivery_.end_at()},
                             std::make_shared<Plain>(shared_from_this(), true), throttle_);
  const std::scoped_lock lock(mutex_);
  if (cancelled_) return transfer->cancel();
  if (leads_) transfer_ = std::move(transfer);
}

void XetPart::lead_over(const Status& status) {
  bool cancelled = false;
  {
    const std::scoped_lock lock(mutex_);
    leads_ = false;
    transfer_.reset();
    cancelled = cancelled_;
  }
  const auto came = delivery_.at();
  const bool failed = came < delivery_.end_at() && !delivery_.refused() && !cancelled;
  source_->end_lead({delivery_.begin_at(), came}, failed);
  if (!failed) return delivery_.end(status);
  source_->on_worker([self = shared_from_this()] { self->run(); });
}

Status XetPart::bring() {
  WAAG_TRY(const auto reader, source_->reader(throttle_));
  {
    const std::scoped_lock lock(mutex_);
    if (cancelled_) return fail(Errc::unavailable, "cancelled");
    reader_ = reader;
  }
  const auto result =
      reader->read({delivery_.at(), delivery_.end_at()}, [this](ByteView bytes) -> Status {
        WAAG_CHECK(delivery_.put(bytes));
        delivery_.wait_for_room();
        return ok();
      });
  const std::scoped_lock lock(mutex_);
  reader_.reset();
  return result;
}

void XetPart::bring_rest_plainly() {
  auto transfer =
      source_->plain().fetch({delivery_.at(), delivery_.end_at()},
                             std::make_shared<Plain>(shared_from_this(), false), throttle_);
  const std::scoped_lock lock(mutex_);
  if (cancelled_) return transfer->cancel();
  if (!delivery_.over()) transfer_ = std::move(transfer);
}

/// The sink is told at once, whatever the worker is waiting for.
void XetPart::cancel() {
  std::shared_ptr<XetReader> reader;
  std::shared_ptr<HttpClient::Transfer> transfer;
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    reader = reader_;
    transfer = std::move(transfer_);
  }
  if (reader) reader->stop();
  if (transfer) transfer->cancel();
  delivery_.end(fail(Errc::unavailable, "cancelled"));
}

void XetPart::resume() {
  std::shared_ptr<HttpClient::Transfer> transfer;
  {
    const std::scoped_lock lock(mutex_);
    transfer = transfer_;
  }
  delivery_.resume();
  if (transfer) transfer->resume();
}

}  // namespace waag::daemon
