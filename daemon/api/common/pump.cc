#include "daemon/api/common/pump.h"

#include <vector>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace waag::daemon {
namespace {

/// Reads until the buffer is full or the body ends: the sink gets few large pieces.
Task<Result<std::size_t>> fill(std::shared_ptr<BodyReader> body, std::span<std::byte> buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    WAAG_CO_TRY(const auto got, co_await body->read(buffer.subspan(size)));
    if (got == 0) break;
    size += got;
  }
  co_return size;
}

}  // namespace

Task<Result<std::uint64_t>> pump(std::shared_ptr<BodyReader> body, asio::thread_pool& blocking,
                                 Sink sink) {
  using namespace asio::experimental::awaitable_operators;
  // Shared: a store call cannot be interrupted and may outlive a connection that was cut.
  const auto shared_sink = std::make_shared<Sink>(std::move(sink));
  auto full = std::make_shared<std::vector<std::byte>>(pump_buffer_bytes);
  auto spare = std::make_shared<std::vector<std::byte>>(pump_buffer_bytes);
  std::uint64_t total = 0;
  WAAG_CO_TRY(auto size, co_await fill(body, *full));
  while (size > 0) {
    total += size;
    auto store = [shared_sink, full, size] { return (*shared_sink)(ByteView(*full).first(size)); };
    auto storing = offload(blocking, std::move(store));
    auto receiving = fill(body, *spare);
    auto both = co_await (std::move(storing) && std::move(receiving));
    WAAG_CO_CHECK(std::move(std::get<0>(both)));
    WAAG_CO_TRY(size, std::move(std::get<1>(both)));
    std::swap(full, spare);
  }
  co_return total;
}

}  // namespace waag::daemon
