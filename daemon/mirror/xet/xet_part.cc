#include "daemon/mirror/xet/xet_part.h"

#include "daemon/mirror/xet/xet_source.h"

namespace waag::daemon {

/// What plain HTTP brings of a part that has begun already.
class XetPart::Tail final : public UpstreamSink {
 public:
  explicit Tail(std::shared_ptr<XetPart> part) : part_(std::move(part)) {}

  Status begin(const UpstreamReply& reply) override {
    if (reply.status == 200 || reply.status == 206) return ok();
    return part_->delivery_.refusal(reply);
  }
  Status write(ByteView bytes) override {
    part_->source_->count_plain(bytes.size());
    return part_->delivery_.put(bytes);
  }
  void done(Status status) override { part_->delivery_.end(status); }
  bool full() override { return part_->delivery_.full(); }

 private:
  const std::shared_ptr<XetPart> part_;
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
  auto transfer = source_->plain().fetch({delivery_.at(), delivery_.end_at()},
                                         std::make_shared<Tail>(shared_from_this()), throttle_);
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
