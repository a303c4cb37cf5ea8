#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "daemon/async.h"

namespace waag::daemon {

inline constexpr std::size_t password_bytes_min = 8;
inline constexpr std::size_t password_bytes_max = 1024;

/// Argon2id. Each computation takes 64 MiB and some tens of milliseconds on purpose, so they run on
/// threads of their own, two at a time, and only so many wait for them. Thread-safe.
class Passwords {
 public:
  /// The text to store: parameters, salt and hash. Errc::unavailable if too many wait.
  Task<Result<std::string>> hash(std::string password);

  /// True if `stored` was made of this password. "" (no such user, or one without a password) is
  /// never right and takes as long: who asks learns nothing from the time. Errc::unavailable if too
  /// many wait.
  Task<Result<bool>> verify(std::string stored, std::string password);

 private:
  /// The turn of one computation, given back when it goes.
  class Turn {
   public:
    explicit Turn(std::atomic<std::size_t>& taken) : taken_(taken), number_(++taken) {}
    ~Turn() { --taken_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    [[nodiscard]] Status check() const;

   private:
    std::atomic<std::size_t>& taken_;
    std::size_t number_;
  };

  static constexpr std::size_t at_once = 2;
  static constexpr std::size_t waiting_max = 16;
  std::atomic<std::size_t> taken_ = 0;
  asio::thread_pool pool_{at_once};
};

std::shared_ptr<Passwords> make_passwords();

}  // namespace waag::daemon
