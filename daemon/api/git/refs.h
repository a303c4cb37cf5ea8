#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/git/fetch_request.h"
#include "storage/store.h"

namespace waag::daemon {

/// A ref as git clients are told of it.
struct GitRef {
  std::string name;
  GitId id;                     // of an annotated tag its object
  std::optional<GitId> peeled;  // then the commit
  std::string symref;           // of HEAD: the branch
};

/// HEAD and all refs but those of pull requests, which a clone does not want; by name. Blocks.
Result<std::vector<GitRef>> refs_for_fetch(storage::Store& store, std::uint64_t repo_uid);
/// All refs, without HEAD. Blocks.
Result<std::vector<GitRef>> refs_for_push(storage::Store& store, std::uint64_t repo_uid);

/// Refs in the form of versions 0 and 1, capabilities behind the first one.
void append_advertisement(std::string& text, const std::vector<GitRef>& refs,
                          std::string_view capabilities);
/// The same as the whole answer of git-upload-pack in version 0.
std::string fetch_advertisement(const std::vector<GitRef>& refs, std::string_view capabilities);

/// Version 2's answer to ls-refs. Pull requests are shown to whoever asks for them by name or by
/// "refs/pr/". Blocks.
Result<std::string> list_refs_v2(storage::Store& store, std::uint64_t repo_uid,
                                 const git::RefsRequest& request);

}  // namespace waag::daemon
