#pragma once

#include "daemon/mirror/fill/fill.h"

namespace waag::daemon {

/// One transfer of a fill: puts what comes at its place. Its numbers are guarded by the fill.
class Fill::Stream final : public UpstreamSink {
 public:
  Stream(std::shared_ptr<Fill> fill, Stretch stretch)
      : fill_(std::move(fill)),
        asked_(stretch),
        at(stretch.begin),
        end(stretch.end),
        noted_(stretch.begin) {}

  Status begin(const UpstreamReply& reply) override;
  Status write(ByteView bytes) override;
  void done(Status status) override;

 private:
  Status note();

  const std::shared_ptr<Fill> fill_;
  const Stretch asked_;

 public:  // of the fill, under its lock
  std::uint64_t at;
  std::uint64_t end;  // may come nearer while bytes come
  bool over = false;
  Status status = ok();
  std::shared_ptr<HttpClient::Transfer> transfer;
  std::unique_ptr<StreamBudget::Slot> slot;
  using Time = std::chrono::steady_clock::time_point;
  Time began = std::chrono::steady_clock::now();
  Time first_byte{};
  Time last_byte = began;
  bool measured = false;  // Fill::adapt() knows how long it takes
  /// Where it will be in a moment, if it goes on as it did.
  [[nodiscard]] std::uint64_t soon(Time now) const;
  /// Whether it will have ended when a transfer that begins now has its first byte, if both go as
  /// this one did.
  [[nodiscard]] bool ends_soon(Time now) const;
  [[nodiscard]] std::uint64_t brought() const { return at - asked_.begin; }

 private:
  std::uint64_t noted_;
};

}  // namespace waag::daemon
