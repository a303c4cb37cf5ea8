#pragma once

#include <set>
#include <string>

#include "daemon/http/message.h"
#include "protocol/ids.h"

namespace waag::daemon {

/// Which fields of a repo a reply has (HUB_API 4.1).
class RepoFields {
 public:
  /// From `expand` (then only those and the ids) or all, with `blobs` and `securityStatus`. An
  /// unknown expand value is Errc::invalid_argument with the text whose list clients parse.
  static Result<RepoFields> parse(const Query& query, RepoType type);
  /// Items of a list: of `expand` as above, else the light fields; more with `full`, `cardData` and
  /// `config`.
  static Result<RepoFields> for_list(const Query& query, RepoType type);

  [[nodiscard]] bool has(std::string_view field) const;
  [[nodiscard]] bool blobs() const { return blobs_; }
  [[nodiscard]] bool security() const { return security_; }
  [[nodiscard]] bool needs_files() const { return has("siblings"); }

 private:
  std::set<std::string, std::less<>> only_;  // of expand; empty = all but without_
  std::set<std::string, std::less<>> without_;
  bool blobs_ = false;
  bool security_ = false;
};

}  // namespace waag::daemon
