#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/catalog/listed_repo.h"
#include "daemon/http/message.h"

namespace waag::daemon {

/// What lists can be ordered by. Source: HUB_API 4.5.
enum class SortBy : std::uint8_t {
  created,
  modified,
  downloads,
  likes,
  trending,
  parameters,
  size,
  name,
};
inline constexpr std::size_t sorts = 8;

/// A repo's place in an order: by rank, then by name (only if that is what is sorted by), then the
/// newest; the highest first.
struct Place {
  std::uint64_t rank = 0;
  std::string name;
  std::uint64_t uid = 0;
  auto operator<=>(const Place&) const = default;
};
Place place_of(const ListedRepo& repo, SortBy sort);

/// A place as a cursor and back: the page goes on behind it, whatever came or went since.
std::string encode_cursor(const Place& place);
Result<Place> decode_cursor(std::string_view cursor);

/// What a list asks for.
struct ListQuery {
  static constexpr std::size_t limit_max = 1000;

  RepoType type{RepoType::model};
  std::string author;                 // lower case; "" = any
  std::vector<std::string> searches;  // lower case; all must occur in the name
  std::vector<std::string> tags;      // all must be there
  std::string pipeline_tag;           // "" = any
  std::optional<bool> gated;
  std::uint64_t parameters_min = 0;
  std::optional<std::uint64_t> parameters_max;
  bool knows_parameters = false;    // only repos whose parameters are known
  std::vector<std::string> models;  // that a space uses
  std::vector<std::string> datasets;
  bool nothing = false;  // asks for what this hub never has
  SortBy sort{SortBy::trending};
  bool ascending = false;
  std::size_t limit = limit_max;
  std::optional<Place> after;

  /// Errc::invalid_argument if a value is none that the parameter can have.
  static Result<ListQuery> parse(const Query& query, RepoType type);
  [[nodiscard]] bool takes(const ListedRepo& repo) const;
};

}  // namespace waag::daemon
