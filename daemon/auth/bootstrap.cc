#include "daemon/auth/bootstrap.h"

#include <array>

#include "daemon/auth/secrets/secret_file.h"
#include "daemon/auth/token.h"

namespace waag::daemon {
namespace {

constexpr std::size_t key_bytes = 32;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

/// The token of a start that was cut off before the user existed, or a new one, in the file either
/// way.
Result<TokenParts> token_in_file(const std::filesystem::path& path, storage::Random& random) {
  WAAG_TRY(const auto found, read_secret_file(path));
  if (found) {
    if (auto parts = parse_token(trimmed(*found))) return *std::move(parts);
    return fail(Errc::invalid_argument, path.string() + " exists but holds no token: move it away");
  }
  auto token = mint_token(random);
  WAAG_CHECK(write_secret_file(path, token.text + "\n"));
  return token.parts;
}

}  // namespace

Result<bool> bootstrap_admin(storage::Store& store, const std::filesystem::path& data,
                             storage::Clock& clock, storage::Random& random) {
  const auto user = store.find_user(admin_user);
  if (user) return false;
  if (user.error().code != Errc::not_found) return user.error();
  WAAG_TRY(const auto parts, token_in_file(data / "admin.token", random));
  // The user comes last: until it exists, this runs again, and its token opens nothing.
  storage::TokenRow row;
  row.public_id = parts.public_id;
  row.secret_sha256 = parts.secret_sha256;
  row.user = std::string(admin_user);
  row.display_name = "first start";
  row.role = storage::TokenRole::admin;
  row.created = clock.now();
  WAAG_CHECK(store.put_token(row));
  storage::UserRow admin;
  admin.name = std::string(admin_user);
  admin.full_name = "Administrator";
  admin.hub_admin = true;
  admin.created = clock.now();
  WAAG_CHECK(store.add_user(admin));
  return true;
}

Result<std::string> load_href_key(const std::filesystem::path& data, storage::Random& random) {
  const auto path = data / "href.key";
  WAAG_TRY(auto found, read_secret_file(path));
  if (found && found->size() == key_bytes) return *std::move(found);
  if (found) return fail(Errc::corrupt, path.string() + " has the wrong length");
  std::array<std::byte, key_bytes> drawn{};
  random.fill(drawn);
  std::string key(as_text(drawn));
  WAAG_CHECK(write_secret_file(path, key));
  return key;
}

}  // namespace waag::daemon
