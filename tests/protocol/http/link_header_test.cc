#include "protocol/http/link_header.h"

#include <catch2/catch.hpp>

using namespace waag::http;

TEST_CASE("link_header: next page keeps the parameters", "[protocol][link_header]") {
  CHECK(next_link("http://hub:80", "/api/models/a/b/tree/main?recursive=true&cursor=q", "cursor",
                  "x/y") ==
        "<http://hub:80/api/models/a/b/tree/main?recursive=true&cursor=x%2Fy>; rel=\"next\"");
  CHECK(link_value("http://hub/a", "xet-auth") == "<http://hub/a>; rel=\"xet-auth\"");
  CHECK(link_value("http://hub/a>b\r\n", "next") == "<http://hub/a%3Eb%0D%0A>; rel=\"next\"");
}
