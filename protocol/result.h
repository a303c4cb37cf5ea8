#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <utility>
#include <variant>

namespace waag {

/// What went wrong, in the terms of the protocol. Each has one row in daemon/http/errors.cc
/// (status, X-Error-Code, text). Source: HUB_API 2.5.
enum class Errc : std::uint8_t {
  invalid_argument,       // 400: malformed input
  unauthenticated,        // 401: no or no valid credentials where some are needed
  forbidden,              // 403: known caller, not allowed
  gated,                  // 401 (anonymous) or 403, GatedRepo: the files need a grant
  disabled,               // 403 without a code: a hub admin took the repo out of service
  repo_not_found,         // 401 (anonymous) or 404, RepoNotFound
  revision_not_found,     // 404, RevisionNotFound
  entry_not_found,        // 404, EntryNotFound
  not_found,              // 404 without a code: routes, users, tokens, rows
  conflict,               // 409: it exists already, or another writer came first
  precondition_failed,    // 412: the parent commit differs
  too_large,              // 413
  range_not_satisfiable,  // 416
  unprocessable,          // 422: well-formed but not acceptable (path, hash mismatch)
  too_many_requests,      // 429
  upstream_failed,        // 502
  unavailable,            // 503: the store cannot serve this now
  deadline_exceeded,      // 504
  no_space,               // 507: the free-space reserve is reached, or the disk is full
  corrupt,                // 500: our own bytes failed verification; never retried
  internal,               // 500
};

struct Error {
  Errc code{Errc::internal};
  std::string what;  // for the log
  std::source_location where;
};

[[nodiscard]] inline Error fail(Errc code, std::string what,
                                std::source_location where = std::source_location::current()) {
  return Error{code, std::move(what), where};
}

/// A value or an Error, spelt like std::expected (g++ 12 has none). T must be
/// default-constructible: Asio's co_spawn needs it of everything a coroutine returns.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() : state_(std::in_place_index<0>) {}
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & { return std::get<0>(state_); }
  [[nodiscard]] const T& operator*() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] const T* operator->() const { return &std::get<0>(state_); }
  [[nodiscard]] Error& error() & { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Unit = std::monostate;
using Status = Result<Unit>;

/// The good Status, for `return ok();`.
inline Status ok() { return Unit{}; }

#define WAAG_CONCAT_(a, b) a##b
#define WAAG_CONCAT(a, b) WAAG_CONCAT_(a, b)
#define WAAG_TRY_AS(ret, tmp, decl, ...) \
  auto tmp = (__VA_ARGS__);              \
  if (!tmp) ret std::move(tmp).error();  \
  decl = *std::move(tmp)
#define WAAG_CHECK_AS(ret, tmp, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp) ret std::move(tmp).error()

// WAAG_TRY(auto x, f());       WAAG_CO_TRY(auto x, co_await f());
// WAAG_CHECK(status());        WAAG_CO_CHECK(co_await status());
#define WAAG_TRY(decl, ...) \
  WAAG_TRY_AS(return, WAAG_CONCAT(waag_result_, __LINE__), decl, __VA_ARGS__)
#define WAAG_CO_TRY(decl, ...) \
  WAAG_TRY_AS(co_return, WAAG_CONCAT(waag_result_, __LINE__), decl, __VA_ARGS__)
#define WAAG_CHECK(...) WAAG_CHECK_AS(return, WAAG_CONCAT(waag_status_, __LINE__), __VA_ARGS__)
#define WAAG_CO_CHECK(...) \
  WAAG_CHECK_AS(co_return, WAAG_CONCAT(waag_status_, __LINE__), __VA_ARGS__)

}  // namespace waag
