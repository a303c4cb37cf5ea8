#pragma once

#include "protocol/git/fetch_request.h"
#include "storage/git/transfer/commit_range.h"

namespace waag::storage {

/// Where a client's history ends after a fetch that deepens or shortens it.
struct ShallowCut {
  CommitSet cut;                    // all commits whose parents stay away
  std::vector<CommitId> shallow;    // of them those that are news to the client
  std::vector<CommitId> unshallow;  // ends of the client's history that are none any more
};

struct ShallowRequest {
  std::vector<CommitId> wanted;
  std::vector<CommitId> client_shallow;
  std::vector<CommitId> excluded;  // commits of Deepen::not_refs
};

/// @return Errc::invalid_argument if nothing would be left
Result<ShallowCut> cut_history(ObjectCache& objects, const git::Deepen& deepen,
                               const ShallowRequest& request);

}  // namespace waag::storage
