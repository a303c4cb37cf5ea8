#include "daemon/auth/authenticator.h"

#include <algorithm>

#include "daemon/auth/token.h"
#include "protocol/hash.h"
#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

/// Callers remembered; beyond it the cache starts anew. A row is about 300 bytes.
constexpr std::size_t entries_max = 10'000;

bool allows_changes(const storage::TokenRow& token) {
  const auto changes = [](const auto& scope) { return scope.rights > storage::Role::read; };
  if (token.role == storage::TokenRole::fine_grained)
    return std::ranges::any_of(token.scopes, changes);
  return token.role != storage::TokenRole::read;
}

Identity stranger() {
  Identity who;
  who.had_bad_credentials = true;
  return who;
}

bool is_same_user(const Identity& who, const storage::JobAsker& asker) {
  return !who.anonymous() && http::equal_nocase(who.user, asker.user);
}

}  // namespace

Task<Result<Identity>> Authenticator::identify(std::optional<std::string> authorization) {
  if (!authorization) co_return Identity{};
  const auto token = token_of(*authorization);
  const auto parts = token ? parse_token(*token) : std::nullopt;
  if (!parts) co_return stranger();
  WAAG_CO_TRY(const auto entry, co_await find(parts->public_id));
  const bool same =
      entry && equal_constant_time(entry->token.secret_sha256.view(), parts->secret_sha256.view());
  co_return same ? judge(*entry) : stranger();
}

Task<Result<Identity>> Authenticator::identify_holder(std::string public_id) {
  if (public_id.empty()) co_return Identity{};
  WAAG_CO_TRY(const auto entry, co_await find(std::move(public_id)));
  co_return entry ? judge(*entry) : stranger();
}

Task<Result<std::optional<Authenticator::Entry>>> Authenticator::find(std::string public_id) {
  if (auto entry = cached(public_id)) co_return entry;
  auto look_up = [this, id = std::move(public_id)] { return load(id); };
  co_return co_await offload(blocking_, std::move(look_up));
}

std::optional<Authenticator::Entry> Authenticator::cached(std::string_view public_id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(public_id);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

Result<std::optional<Authenticator::Entry>> Authenticator::load(std::string_view public_id) {
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = generation_;
  }
  WAAG_TRY(auto entry, read(public_id));
  if (!entry) return entry;
  const std::lock_guard lock(mutex_);
  if (generation_ == before) {
    if (entries_.size() >= entries_max) entries_.clear();
    entries_.insert_or_assign(std::string(public_id), *entry);
  }
  return entry;
}

Result<std::optional<Authenticator::Entry>> Authenticator::read(std::string_view public_id) const {
  auto token = store_.find_token(public_id);
  if (!token && token.error().code == Errc::not_found) return std::optional<Entry>{};
  if (!token) return std::move(token).error();
  auto user = store_.find_user(token->user);
  if (!user && user.error().code == Errc::not_found) return std::optional<Entry>{};
  if (!user) return std::move(user).error();
  WAAG_TRY(auto rights, load_rights(store_, *user));
  if (token->role == storage::TokenRole::fine_grained) rights.scopes = token->scopes;
  Entry entry{*std::move(token), *std::move(user), {}};
  entry.user.password_hash.clear();  // nothing to keep in memory
  entry.rights = std::make_shared<const Rights>(std::move(rights));
  return std::optional<Entry>(std::move(entry));
}

Result<Identity> Authenticator::recall(const storage::JobAsker& asker) const {
  const auto gone = [&asker] {
    return fail(Errc::forbidden, "The token or the user " + asker.user + " is not valid any more");
  };
  if (!asker.token_id.empty()) {
    WAAG_TRY(const auto entry, read(asker.token_id));
    auto who = entry ? judge(*entry) : stranger();
    if (!is_same_user(who, asker)) return gone();
    return who;
  }
  const auto user = store_.find_user(asker.user);
  if (!user && user.error().code != Errc::not_found) return user.error();
  if (!user || user->disabled || user->service) return gone();
  WAAG_TRY(auto rights, load_rights(store_, *user));
  Identity who;
  who.user = user->name;
  who.can_write = true;
  who.hub_admin = user->hub_admin;
  who.rights = std::make_shared<const Rights>(std::move(rights));
  return who;
}

Identity Authenticator::judge(const Entry& entry) const {
  const bool expired = entry.token.expires && *entry.token.expires <= clock_.now();
  const bool fine = entry.token.role == storage::TokenRole::fine_grained;
  if (expired || entry.user.disabled || (entry.user.service && !fine)) return stranger();
  Identity who;
  who.user = entry.user.name;
  who.can_write = allows_changes(entry.token);
  // An administrator's read or write token stays an ordinary one: least privilege by default.
  who.hub_admin = entry.user.hub_admin && entry.token.role == storage::TokenRole::admin;
  who.auditor = entry.user.auditor && !fine;
  who.token_id = entry.token.public_id;
  who.token_name = entry.token.display_name;
  who.token_role = token_role_name(entry.token.role);
  who.rights = entry.rights;
  return who;
}

void Authenticator::forget_token(std::string_view public_id) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  if (const auto found = entries_.find(public_id); found != entries_.end()) entries_.erase(found);
}

void Authenticator::forget_all() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  entries_.clear();
}

void Authenticator::forget_user(std::string_view user) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  std::erase_if(entries_, [user](const auto& entry) {
    return http::equal_nocase(entry.second.user.name, user);
  });
}

}  // namespace waag::daemon
