#pragma once

#include "daemon/mirror/fill/byte_source.h"
#include "daemon/mirror/xet/delivery.h"
#include "daemon/mirror/xet/xet_reader.h"

namespace waag::daemon {

class XetSource;

/// One part of a file that a fill has asked for: by Xet on a worker, and where that fails, the rest
/// of it by plain HTTP. Or the other way round: plainly at once, and where that fails, by Xet.
class XetPart final : public HttpClient::Transfer, public std::enable_shared_from_this<XetPart> {
 public:
  XetPart(std::shared_ptr<XetSource> source, storage::Stretch part,
          std::shared_ptr<UpstreamSink> sink, std::shared_ptr<const Throttle> throttle);
  ~XetPart() override;

  void run();  // on a worker, once
  /// Instead of run(): plainly first. Does not wait for the bytes.
  void lead();
  void cancel() override;
  void resume() override;

 private:
  class Plain;
  void lead_over(const Status& status);
  Status bring();
  void bring_rest_plainly();

  const std::shared_ptr<XetSource> source_;
  const std::shared_ptr<const Throttle> throttle_;
  Delivery delivery_;
  std::mutex mutex_;  // guards all below
  bool cancelled_ = false;
  bool leads_ = false;
  std::shared_ptr<XetReader> reader_;               // while it reads
  std::shared_ptr<HttpClient::Transfer> transfer_;  // by plain HTTP
};

}  // namespace waag::daemon
