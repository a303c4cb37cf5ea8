#include "daemon/http/api_doc.h"

#include <catch2/catch.hpp>

namespace waag::daemon {

TEST_CASE("api_doc: one line for each row, with rights and sizes", "[daemon][api_doc]") {
  const std::vector<Route> rows = {
      {Method::put, "/a/{x}", "put_a", Policy::write_repo, {5u << 20}, nullptr, "Puts a."},
      {Method::get, "/b", "get_b", Policy::none, {}, nullptr, "Gets b."}};
  const auto text = api_document(rows);
  CHECK(text.find("| PUT | `/a/{x}` | put_a | writer of the repo | 5 MiB | Puts a. |\n") !=
        std::string::npos);
  CHECK(text.find("| GET | `/b` | get_b | anyone | - | Gets b. |\n") != std::string::npos);
}

}  // namespace waag::daemon
