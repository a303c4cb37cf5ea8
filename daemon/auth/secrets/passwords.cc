#include "daemon/auth/secrets/passwords.h"

#include <array>

#include <sodium.h>

namespace waag::daemon {
namespace {

// Of libsodium's levels the one for logins: above the 19 MiB and 2 passes of OWASP's cheat sheet.
constexpr auto passes = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr auto memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;

/// Of no password; the same parameters as above, so that checking against it takes as long.
constexpr const char* of_nobody =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static_assert(passes == 2 && memory_bytes == 65536u << 10);

Result<std::string> hash_now(const std::string& password) {
  if (sodium_init() < 0) return fail(Errc::internal, "libsodium does not start");
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), passes, memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Errc::unavailable, "no memory for Argon2id");
  return std::string(text.data());
}

Result<bool> verify_now(const std::string& stored, const std::string& password) {
  if (sodium_init() < 0) return fail(Errc::internal, "libsodium does not start");
  const auto* against = stored.empty() ? of_nobody : stored.c_str();
  const bool right = crypto_pwhash_str_verify(against, password.data(), password.size()) == 0;
  return right && !stored.empty();
}

}  // namespace

Status Passwords::Turn::check() const {
  if (number_ > at_once + waiting_max)
    return fail(Errc::unavailable, "too many passwords at a time");
  return ok();
}

Task<Result<std::string>> Passwords::hash(std::string password) {
  const Turn turn(taken_);
  WAAG_CO_CHECK(turn.check());
  auto work = [password = std::move(password)] { return hash_now(password); };
  co_return co_await offload(pool_, std::move(work));
}

Task<Result<bool>> Passwords::verify(std::string stored, std::string password) {
  const Turn turn(taken_);
  WAAG_CO_CHECK(turn.check());
  auto work = [stored = std::move(stored), password = std::move(password)] {
    return verify_now(stored, password);
  };
  co_return co_await offload(pool_, std::move(work));
}

std::shared_ptr<Passwords> make_passwords() { return std::make_shared<Passwords>(); }

}  // namespace waag::daemon
