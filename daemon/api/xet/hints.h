#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/app.h"
#include "daemon/http/message.h"
#include "storage/snapshot.h"
#include "storage/xet/xet_files.h"

/// How the hub's other replies lead Xet clients to the Xet server.
namespace waag::daemon {

/// "http://hub/xet/g1-01234567": clients append "/v1/…".
std::string cas_url(const App& app, const Request& request);

/// Where a client gets an access token, ".../xet-read-token/{revision}".
std::string xet_token_url(const Request& request, const RepoId& repo, XetScope scope,
                          std::string_view revision);

/// An access token and when it ends.
struct XetAccess {
  std::string token;
  storage::TimeMs expires{};
};
XetAccess make_xet_access(const App& app, const Identity& who, const storage::RepoRow& repo,
                          XetScope scope);

/// What a token of `who` for an upload to the repo may say; nullopt: nothing.
std::optional<XetScope> upload_scope(const Identity& who, const storage::RepoRow& repo);

/// Of each entry that is an LFS file, in one look-up; empty if the hub has no Xet server. Blocks.
Result<std::vector<std::optional<FileHash>>> xet_hashes(
    const App& app, const storage::RepoRow& repo, const std::vector<storage::TreeEntry>& entries);

/// What a reply with a file says of its Xet form: X-Xet-Hash and Link. Source: XET 6.2.
void set_xet_headers(const App& app, const Request& request, const RepoId& repo,
                     std::string_view revision, const FileHash& hash, Headers& headers);

/// The type by which @huggingface/hub asks whether a file can be had by Xet.
inline constexpr std::string_view xet_info_type = "application/vnd.xet-fileinfo+json";

/// That client's answer in place of the file; its headers say the same.
/// @param headers  of the file, set_xet_headers() included
Response xet_info_reply(const App& app, const Request& request, Headers headers);

/// True if the client asks for it.
bool wants_xet_info(const Request& request);

}  // namespace waag::daemon
