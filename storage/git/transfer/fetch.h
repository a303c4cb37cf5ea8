#pragma once

#include "protocol/git/fetch_request.h"
#include "storage/git/transfer/object_source.h"
#include "storage/git/transfer/shallow.h"
#include "storage/repo/parts.h"

namespace waag::storage {

class ObjectLister;

/// One request of git-upload-pack: what of a repo's objects a client lacks. Serves only what this
/// repo's own history holds. Blocks; not thread-safe; the store must outlive it.
class GitFetch {
 public:
  /// @return Errc::not_found naming the first object that is wanted and not this repo's;
  ///         Errc::invalid_argument if the request makes no sense
  static Result<std::unique_ptr<GitFetch>> open(const Parts& parts, std::uint64_t uid,
                                                git::FetchRequest request);

  [[nodiscard]] const git::FetchRequest& request() const { return request_; }
  /// Of the client's commits those that the repo has too, in the client's order.
  [[nodiscard]] const std::vector<CommitId>& common() const { return common_; }
  /// Enough is common: everything wanted grows from it.
  Result<bool> ready() const;
  /// What changes in the client's list of cut commits; empty unless it asked.
  [[nodiscard]] const ShallowCut& shallow() const { return shallow_; }
  /// The objects that are missing at the client, as a pack or raw. Errc::too_large if they are more
  /// than fetch_objects_max.
  Result<std::unique_ptr<ObjectSource>> pack() const;
  Result<std::unique_ptr<ObjectSource>> raw() const;

 private:
  GitFetch(const Parts& parts, std::uint64_t uid, git::FetchRequest request)
      : parts_(parts), uid_(uid), request_(std::move(request)) {}
  Status sort_wants();
  Status check_strangers(const std::unordered_set<GitId>& strangers);
  Status add_tag_chain(const GitId& tag, const CommitId& target);
  Status find_common();
  Status find_shallow();
  Result<IdList> missing() const;
  Status add_included_tags(const CommitRange& range, ObjectLister& lister) const;

  const Parts& parts_;
  const std::uint64_t uid_;
  const git::FetchRequest request_;
  std::vector<CommitId> commits_;  // wanted, tags peeled
  IdList singles_;                 // wanted tags, trees and blobs
  std::vector<CommitId> common_;
  std::vector<CommitId> client_shallow_;
  ShallowCut shallow_;
};

/// Objects in one pack: about 35 bytes of memory each.
inline constexpr std::size_t fetch_objects_max = 20'000'000;

}  // namespace waag::storage
