#include "daemon/http/router.h"

#include <algorithm>
#include <array>

namespace waag::daemon {
namespace {

constexpr std::array<std::string_view, 7> method_names = {"GET",    "HEAD",    "POST", "PUT",
                                                          "DELETE", "OPTIONS", "PATCH"};

/// The paths that a template with optional parts in brackets stands for.
std::vector<std::string> expand(const std::string& path) {
  const auto open = path.find('[');
  const auto close = path.find(']', open);
  if (close == std::string::npos) return {path};
  const auto before = path.substr(0, open);
  const auto after = path.substr(close + 1);
  auto all = expand(before + after);
  auto with = expand(before + path.substr(open + 1, close - open - 1) + after);
  all.insert(all.end(), with.begin(), with.end());
  return all;
}

bool is_repo_type(std::string_view text) {
  return text == "models" || text == "datasets" || text == "spaces";
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    if (!path.empty()) parts.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return parts;
}

}  // namespace

std::string_view method_name(Method method) {
  return method_names[static_cast<std::size_t>(method)];
}

std::optional<Method> parse_method(std::string_view name) {
  const auto found = std::ranges::find(method_names, name);
  if (found == method_names.end()) return std::nullopt;
  return static_cast<Method>(found - method_names.begin());
}

Router::Router(std::span<const Route> routes) {
  for (const Route& route : routes)
    for (const auto& path : expand(std::string(route.path))) add(route, path);
  std::ranges::stable_sort(patterns_, {}, &Pattern::rank);
}

std::vector<std::string> Router::problems() const { return problems_; }

Router::Piece Router::parse_piece(std::string_view text) {
  Piece piece;
  if (!text.starts_with('{')) {
    piece.text = text;
    return piece;
  }
  std::string_view name = text.substr(1, text.size() - 2);
  if (name.ends_with("...")) {
    piece.kind = Kind::rest;
    name.remove_suffix(3);
    piece.may_be_empty = name.ends_with('?');
    if (piece.may_be_empty) name.remove_suffix(1);
  } else if (name == "type" || name == "web") {
    piece.kind = Kind::choice;
  } else {
    piece.strip_git = name.ends_with(".git");
    if (piece.strip_git) name.remove_suffix(4);
    const bool plain = name == "ns" || name == "name";
    piece.kind = plain ? Kind::plain : Kind::any;
  }
  piece.text = name;
  return piece;
}

std::string Router::rank_of(const std::vector<Piece>& pieces) {
  std::string shape;
  for (const Piece& piece : pieces) shape += static_cast<char>(piece.kind);
  const auto literals = std::ranges::count(shape, static_cast<char>(Kind::literal));
  // Most literals first: 'z' minus their number is a letter that sorts so.
  return std::string(1, static_cast<char>('z' - literals)) + shape;
}

void Router::add(const Route& route, std::string_view path) {
  Pattern pattern;
  pattern.route = &route;
  for (const std::string_view part : split(path)) {
    if (part.starts_with('{') != part.ends_with('}')) problems_.emplace_back(route.path);
    pattern.pieces.push_back(parse_piece(part));
  }
  const auto rest = std::ranges::find(pattern.pieces, Kind::rest, &Piece::kind);
  if (rest != pattern.pieces.end() && rest + 1 != pattern.pieces.end())
    problems_.emplace_back(route.path);
  const auto web = std::ranges::find(pattern.pieces, "web", &Piece::text);
  if (web != pattern.pieces.end() && web->kind == Kind::choice) {
    Pattern models = pattern;
    models.pieces.erase(models.pieces.begin() + (web - pattern.pieces.begin()));
    models.type = "models";
    models.rank = rank_of(models.pieces);
    patterns_.push_back(std::move(models));
  }
  pattern.rank = rank_of(pattern.pieces);
  patterns_.push_back(std::move(pattern));
}

bool Router::matches(const Pattern& pattern, std::span<const http::PathSegment> path) {
  const auto& pieces = pattern.pieces;
  const bool open = !pieces.empty() && pieces.back().kind == Kind::rest;
  const std::size_t fixed = open ? pieces.size() - 1 : pieces.size();
  if (path.size() < fixed || (!open && path.size() != fixed)) return false;
  if (open && path.size() == fixed && !pieces.back().may_be_empty) return false;
  for (std::size_t i = 0; i < fixed; ++i) {
    const Piece& piece = pieces[i];
    const auto& segment = path[i];
    if (piece.kind == Kind::literal && segment.text != piece.text) return false;
    if (piece.kind == Kind::plain && segment.had_encoded_slash) return false;
    if (piece.kind == Kind::choice &&
        (!is_repo_type(segment.text) || (piece.text == "web" && segment.text == "models")))
      return false;
  }
  return true;
}

void Router::capture(const Pattern& pattern, std::span<const http::PathSegment> path,
                     Routing& routing) {
  if (!pattern.type.empty()) routing.captures["type"] = pattern.type;
  for (std::size_t i = 0; i < pattern.pieces.size(); ++i) {
    const Piece& piece = pattern.pieces[i];
    if (piece.kind == Kind::rest) {
      for (std::size_t at = i; at < path.size(); ++at) routing.rest.push_back(path[at].text);
      return;
    }
    if (piece.kind == Kind::literal) continue;
    std::string value = path[i].text;
    if (piece.strip_git && value.ends_with(".git")) value.resize(value.size() - 4);
    routing.captures[piece.kind == Kind::choice ? "type" : piece.text] = std::move(value);
  }
}

Routing Router::find(Method method, std::span<const http::PathSegment> path) const {
  Routing routing;
  const Method wanted = method == Method::head ? Method::get : method;
  const auto first =
      std::ranges::find_if(patterns_, [&](const Pattern& p) { return matches(p, path); });
  if (first == patterns_.end()) return routing;
  std::array<bool, method_names.size()> allowed{};
  for (auto at = first; at != patterns_.end() && at->rank == first->rank; ++at) {
    if (!matches(*at, path)) continue;
    if (at->route->method == wanted || at->route->method == method) {
      routing.route = at->route;
      capture(*at, path, routing);
      return routing;
    }
    allowed[static_cast<std::size_t>(at->route->method)] = true;
  }
  allowed[static_cast<std::size_t>(Method::head)] |= allowed[static_cast<std::size_t>(Method::get)];
  allowed[static_cast<std::size_t>(Method::options)] = true;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i]) continue;
    if (!routing.allow.empty()) routing.allow += ", ";
    routing.allow += method_names[i];
  }
  return routing;
}

}  // namespace waag::daemon
