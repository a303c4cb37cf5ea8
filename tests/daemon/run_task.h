#pragma once

#include <exception>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/async.h"

namespace waag::daemon::testing {

/// Runs one coroutine to its end on this thread.
template <class T>
T run_task(Task<T> task) {
  asio::io_context context(1);
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
    thrown = error;
    result = std::move(value);
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(result);
}

}  // namespace waag::daemon::testing
