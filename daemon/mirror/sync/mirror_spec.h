#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/ids.h"

namespace waag::daemon {

/// What a job of the kind "mirror" is to bring: one revision of one repo.
struct MirrorSpec {
  RepoId repo;
  std::string revision = "main";
  std::vector<std::string> include;  // FileGlobs; none: every file
  std::vector<std::string> exclude;
  std::vector<std::string> convert;  // targets: what is then made of it, if it is new here
  bool dry_run = false;              // only say how much it is

  /// {"repo":"ns/name","type":"model","revision":"main","include":[],"exclude":[],"convert":[],
  /// "dry_run":false};
  /// all but `repo` may be left out. @return Errc::invalid_argument for what is none
  static Result<MirrorSpec> parse(const boost::json::object& from);
  [[nodiscard]] boost::json::object to_json() const;
};

/// A list of texts; none if the key is absent. Errc::invalid_argument
Result<std::vector<std::string>> texts_field(const boost::json::object& from, std::string_view key);

}  // namespace waag::daemon
