#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/result.h"

namespace waag::daemon {

namespace asio = boost::asio;
using asio::use_awaitable;
template <class T>
using Task = asio::awaitable<T>;

/// Runs blocking `fn` on `pool`, then resumes the caller on its own thread. Cannot be interrupted.
/// Not co_spawn: in Boost 1.81 cancelling a spawned coroutine that never suspends ends the process.
/// g++ 12: name the lambda first, `auto f = [..]{}; co_await offload(pool, std::move(f))` (STYLE 5,
/// GCC-1).
template <class Fn>
Task<std::invoke_result_t<Fn&>> offload(asio::thread_pool& pool, Fn fn) {
  using R = std::invoke_result_t<Fn&>;
  auto start = [&pool](auto done, Fn work) {
    auto guard = asio::make_work_guard(done);
    auto job = [work = std::move(work), done = std::move(done), guard]() mutable {
      std::exception_ptr error;
      R value{};
      try {
        value = work();
      } catch (...) {
        error = std::current_exception();
      }
      auto resume = [done = std::move(done), error, value = std::move(value)]() mutable {
        std::move(done)(error, std::move(value));
      };
      asio::post(guard.get_executor(), std::move(resume));
    };
    asio::post(pool, std::move(job));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                          void(std::exception_ptr, R)>(
      std::move(start), use_awaitable, std::move(fn));
}

}  // namespace waag::daemon
