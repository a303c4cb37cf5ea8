#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "daemon/upstream/http_client.h"
#include "storage/fill/intervals.h"

namespace waag::daemon {

/// A part of a file on its way into a sink, whatever brings its bytes: the sink is begun once, gets
/// the bytes in order and is told of one end, also while somebody else gives up. Thread-safe.
class Delivery {
 public:
  Delivery(storage::Stretch part, std::shared_ptr<UpstreamSink> sink);

  /// The part's next bytes; more than all of them is an error, and what the sink says.
  Status put(ByteView bytes);
  /// An answer that is no part of the file: what the sink makes of it, if it has not begun.
  Error refusal(const UpstreamReply& reply);
  /// Waits until the sink takes more, or the delivery is over.
  void wait_for_room();
  [[nodiscard]] bool full();
  void resume();
  /// Once; later calls do nothing.
  void end(const Status& status);

  [[nodiscard]] bool over() const;
  /// The sink has refused something: nobody else's bytes will please it more.
  [[nodiscard]] bool refused() const;
  /// Where in the file the next byte belongs.
  [[nodiscard]] std::uint64_t at() const;
  [[nodiscard]] std::uint64_t begin_at() const { return part_.begin; }
  [[nodiscard]] std::uint64_t end_at() const { return part_.end; }

 private:
  Status begin();

  const storage::Stretch part_;
  mutable std::mutex mutex_;  // also of the sink, which may be called from two roads
  std::condition_variable changed_;
  std::shared_ptr<UpstreamSink> sink_;  // null: over
  std::uint64_t at_;
  bool began_ = false;
  bool refused_ = false;
  bool full_ = false;
};

}  // namespace waag::daemon
