#pragma once

#include "daemon/http/message.h"
#include "daemon/mirror/fill/fill.h"

namespace waag::daemon {

/// A client's body that follows a fill: what is there goes out, and the rest as it comes.
class Follower final : public AsyncSource {
 public:
  /// @param range  within the file, not empty
  /// @param rest   it may complete a whole file
  Follower(std::shared_ptr<Fill> fill, asio::thread_pool& blocking, Stretch range, bool rest);
  ~Follower() override;
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  Task<Result<std::size_t>> read(std::span<std::byte> out) override;

 private:
  Task<Result<std::uint64_t>> wait();

  const std::shared_ptr<Fill> fill_;
  asio::thread_pool& blocking_;
  Fill::Reader reader_;
  bool added_ = false;
};

}  // namespace waag::daemon
