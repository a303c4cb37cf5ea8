#pragma once

#include <functional>

#include "daemon/http/message.h"

namespace waag::daemon {

/// Where a body goes; called on the blocking pool, one call at a time, with up to
/// pump_buffer_bytes.
using Sink = std::function<Status(ByteView)>;

/// Two of them per upload: one is filled from the network while the other is hashed and stored.
inline constexpr std::size_t pump_buffer_bytes = 1u << 20;

/// Moves a whole request body into `sink`, receiving and storing at once. Holds two buffers.
/// @return bytes moved; the first error of body or sink
Task<Result<std::uint64_t>> pump(std::shared_ptr<BodyReader> body, asio::thread_pool& blocking,
                                 Sink sink);

}  // namespace waag::daemon
