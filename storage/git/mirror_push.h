#pragma once

#include <functional>
#include <map>

#include "protocol/git/push_request.h"
#include "storage/git/transfer/id_list.h"
#include "storage/repo/parts.h"

// What a push that follows an upstream's refs needs besides what every push does.

namespace waag::storage {

/// Whether a mirror has refs of that kind: branches, tags, pull requests, conversions.
bool is_mirrored_ref(std::string_view name);

/// How a repo's refs become an upstream's.
struct MirrorPlan {
  git::PushRequest request;
  std::vector<GitId> wants;  // what must come from the upstream for it, each once
};

/// @param wanted    the upstream's refs and the objects they lead to
/// @param selected  a ref that is not among them is deleted if this says so; main never is
/// @return also moves from an id to the same id, of refs whose history an upstream only told of
Result<MirrorPlan> plan_mirror(const Parts& parts, std::uint64_t uid,
                               const std::map<std::string, GitId>& wanted,
                               const std::function<bool(std::string_view name)>& selected);

/// Whether a commit is here with all that it needs, as part of this very repo's history: it came by
/// a commit, a push or a fetch from an upstream, which did not merely tell of it.
Result<bool> holds_commit(const Parts& parts, std::uint64_t uid, const CommitId& id);

/// Of commits and blobs that are here now: rows that say an upstream only told of them.
Status forget_claims(RowStore& rows, const IdList& objects);

}  // namespace waag::storage
