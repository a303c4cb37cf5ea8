#include "protocol/hub/errors.h"

#include <algorithm>

#include "protocol/hub/json_writer.h"

namespace waag::hub {

ErrorRow error_row(Errc code, Caller caller) {
  switch (code) {
    case Errc::invalid_argument:
      return {400, "", "Bad request"};
    case Errc::unauthenticated:
      return {401, "", "Invalid username or password."};
    case Errc::forbidden:
      return {403, "", "You don't have the required permissions"};
    case Errc::gated:
      return {caller == Caller::anonymous ? 401U : 403U, gated_repo_code,
              "Access to this repository is restricted and you are not in the authorized list."};
    case Errc::disabled:
      return {403, "", disabled_text};
    case Errc::repo_not_found:
      return {caller == Caller::anonymous ? 401U : 404U, "RepoNotFound", "Repository not found"};
    case Errc::revision_not_found:
      return {404, "RevisionNotFound", "Invalid rev id"};
    case Errc::entry_not_found:
      return {404, "EntryNotFound", "Entry not found"};
    case Errc::not_found:
      return {404, "", "Not found"};
    case Errc::conflict:
      return {409, "", "Conflict"};
    case Errc::precondition_failed:
      return {412, "",
              "The branch was updated since you opened this page. Please refresh and try again."};
    case Errc::too_large:
      return {413, "", "Request body too large"};
    case Errc::range_not_satisfiable:
      return {416, "", "Range not satisfiable"};
    case Errc::unprocessable:
      return {422, "", "Unprocessable request"};
    case Errc::too_many_requests:
      return {429, "", "Too many requests"};
    case Errc::upstream_failed:
      return {502, "", "The upstream hub failed"};
    case Errc::unavailable:
      return {503, "", "Service unavailable"};
    case Errc::deadline_exceeded:
      return {504, "", "Time limit exceeded"};
    case Errc::no_space:
      return {507, "", "Insufficient storage"};
    case Errc::corrupt:
      return {500, "", "Stored data failed verification"};
    case Errc::internal:
      return {500, "", "Internal server error"};
  }
  return {500, "", "Internal server error"};
}

std::string error_body(std::string_view text) {
  JsonWriter json;
  json.begin_object().key("error").string(text).end_object();
  return json.take();
}

std::string header_text(std::string_view text) {
  constexpr std::size_t bytes_max = 400;
  std::string out(text.substr(0, bytes_max));
  std::ranges::replace_if(
      out,
      [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E;
      },
      '?');
  return out;
}

}  // namespace waag::hub
