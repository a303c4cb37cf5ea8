#include "protocol/hub/errors.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;

TEST_CASE("errors: the codes that clients decide by", "[protocol][errors]") {
  CHECK(error_row(Errc::repo_not_found, Caller::anonymous).status == 401);
  CHECK(error_row(Errc::repo_not_found, Caller::known).status == 404);
  CHECK(error_row(Errc::repo_not_found, Caller::anonymous).code == "RepoNotFound");
  CHECK(error_row(Errc::revision_not_found, Caller::known).code == "RevisionNotFound");
  CHECK(error_row(Errc::entry_not_found, Caller::anonymous).code == "EntryNotFound");
  CHECK(error_row(Errc::entry_not_found, Caller::anonymous).status == 404);
  CHECK(error_row(Errc::not_found, Caller::known).code.empty());
  CHECK(error_row(Errc::gated, Caller::anonymous).status == 401);
  CHECK(error_row(Errc::gated, Caller::known).status == 403);
  CHECK(error_row(Errc::gated, Caller::known).code == "GatedRepo");
  CHECK(error_row(Errc::disabled, Caller::known).status == 403);
  CHECK(error_row(Errc::disabled, Caller::known).code.empty());
  CHECK(error_row(Errc::disabled, Caller::known).text == "Access to this resource is disabled.");
  CHECK(error_row(Errc::precondition_failed, Caller::known).text ==
        "The branch was updated since you opened this page. Please refresh and try again.");
}

TEST_CASE("errors: every Errc has a status and a text", "[protocol][errors]") {
  for (auto code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const auto row = error_row(static_cast<Errc>(code), Caller::known);
    CAPTURE(code);
    CHECK(row.status >= 400);
    CHECK((row.status == 500) ==
          (code == static_cast<int>(Errc::corrupt) || code == static_cast<int>(Errc::internal)));
    CHECK_FALSE(row.text.empty());
    CHECK(row.text == header_text(row.text));
  }
}

TEST_CASE("errors: body and header text", "[protocol][errors]") {
  CHECK(error_body("no \"x\"\n") == R"({"error":"no \"x\"\n"})");
  CHECK(header_text("a\r\nSet-Cookie: x") == "a??Set-Cookie: x");
  CHECK(header_text("caf\xC3\xA9") == "caf??");
  CHECK(header_text(std::string(1000, 'a')).size() == 400);
}
