#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/routes.h"
#include "protocol/http/url_path.h"

namespace waag::daemon {

std::string_view method_name(Method method);
std::optional<Method> parse_method(std::string_view name);

/// Where a request goes. No route and no `allow`: 404. No route but `allow`: 405 (or an OPTIONS).
struct Routing {
  const Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> captures;
  std::vector<std::string> rest;
  std::string allow;  // for the Allow header
};

/// Finds the row of a path. The row with most literal segments wins, then the one whose literals
/// stand further left; a `rest` comes last. The best shape alone decides: a method that it lacks is
/// 405, never a fall through to a looser row. %2F is a slash only inside a plain {x} or a `rest`.
/// Templates are checked by the constructor's caller through problems().
class Router {
 public:
  /// @param routes  must outlive the router
  explicit Router(std::span<const Route> routes);

  [[nodiscard]] Routing find(Method method, std::span<const http::PathSegment> path) const;
  /// Malformed templates and rows that can never be reached; empty if the table is sound.
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  enum class Kind : char { literal = 'a', choice = 'b', plain = 'c', any = 'd', rest = 'e' };
  struct Piece {
    Kind kind{Kind::literal};
    std::string text;  // the literal, or the capture's name
    bool strip_git = false;
    bool may_be_empty = false;  // {rest?...}
  };
  struct Pattern {
    const Route* route = nullptr;
    std::vector<Piece> pieces;
    std::string rank;  // ordered: the smaller, the more literal
    std::string type;  // captured as "type" where the template's {web} is absent
  };
  void add(const Route& route, std::string_view path);
  static Piece parse_piece(std::string_view text);
  static std::string rank_of(const std::vector<Piece>& pieces);
  static bool matches(const Pattern& pattern, std::span<const http::PathSegment> path);
  static void capture(const Pattern& pattern, std::span<const http::PathSegment> path,
                      Routing& routing);

  std::vector<Pattern> patterns_;  // by rank
  std::vector<std::string> problems_;
};

}  // namespace waag::daemon
