#pragma once

#include "daemon/app.h"
#include "daemon/http/message.h"
#include "storage/store.h"
#include "storage/xet/xet_files.h"

/// What a Xet token lets its holder do, judged anew on each request: rights may end at once.
namespace waag::daemon {

enum class XetNeed : std::uint8_t {
  repo,   // to read the repo
  files,  // and the content of its files
  write,  // to upload
};

/// The repo that the request's Xet token is for. Errc::repo_not_found if it is gone or hidden by
/// now, Errc::forbidden, Errc::gated, Errc::disabled. Blocks.
Result<storage::RepoRow> open_xet_repo(storage::Store& store, const Request& request, XetNeed need);

/// Errc::not_found unless the request names this store's generation.
Status check_generation(const App& app, const Request& request);

/// The hash that the capture `name` spells; Errc::invalid_argument.
template <class Id>
Result<Id> xet_hash_of(const Request& request, std::string_view name) {
  const auto found = request.captures.find(name);
  if (found == request.captures.end()) return fail(Errc::invalid_argument, "no hash");
  return xet::parse_xet_string<Id>(found->second);
}

/// As Xet clients must see it: what is wrong with their bytes is 400, what is busy is 5xx, which
/// they try again (XET 5.9).
Error xet_error(Error error);

}  // namespace waag::daemon
