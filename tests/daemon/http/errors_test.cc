#include "daemon/http/errors.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

const Identity nobody;

Identity alice() {
  Identity who;
  who.user = "alice";
  return who;
}

std::string body_of(const Response& response) { return std::get<std::string>(response.body); }

}  // namespace

TEST_CASE("errors: a missing repo is 401 for strangers, 404 for users", "[daemon][errors]") {
  const auto error = fail(Errc::repo_not_found, "row 17 of something");
  const auto stranger = error_response(error, nobody);
  CHECK(stranger.status == 401);
  CHECK(stranger.headers.get("X-Error-Code") == "RepoNotFound");
  CHECK(stranger.headers.get("WWW-Authenticate") == "Bearer");
  const auto known = error_response(error, alice());
  CHECK(known.status == 404);
  CHECK(known.headers.get("X-Error-Code") == "RepoNotFound");
  CHECK(body_of(known) == R"({"error":"Repository not found"})");
}

TEST_CASE("errors: the caller's mistakes are told, ours are not", "[daemon][errors]") {
  const auto theirs =
      error_response(fail(Errc::entry_not_found, "x does not exist on \"main\""), alice());
  CHECK(theirs.status == 404);
  CHECK(theirs.headers.get("X-Error-Code") == "EntryNotFound");
  CHECK(body_of(theirs) == R"({"error":"x does not exist on \"main\""})");
  CHECK(theirs.headers.get("X-Error-Message") == "x does not exist on \"main\"");
  const auto code = GENERATE(Errc::corrupt, Errc::internal, Errc::unavailable, Errc::no_space);
  const auto ours = error_response(fail(code, "secret/path"), alice());
  CHECK(ours.status >= 500);
  CHECK(body_of(ours).find("secret") == std::string::npos);
  CHECK(ours.headers.get("X-Error-Message")->find("secret") == std::string::npos);
}

TEST_CASE("errors: header text is one printable line", "[daemon][errors]") {
  const auto response = refusal(400, "a\r\nb\xc3\xa9");
  CHECK(response.headers.get("X-Error-Message") == "a??b??");
}

TEST_CASE("errors: phrases", "[daemon][errors]") {
  CHECK(reason_phrase(404) == "Not Found");
  CHECK(reason_phrase(507) == "Insufficient Storage");
  CHECK(reason_phrase(299) == "Unknown");
}

}  // namespace waag::daemon
