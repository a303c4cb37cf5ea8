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

TEST_CASE("link_header: the target of a relation", "[protocol][link_header]") {
  CHECK(link_target(link_value("http://hub/a?b=c", "next"), "next") == "http://hub/a?b=c");
  CHECK(link_target("</a>; rel=prev, </b>;rel=next", "next") == "/b");
  CHECK(link_target("</a,b;c>; title=\"x, <y>; rel=next\"; rel=\"last NEXT\"", "next") == "/a,b;c");
  CHECK(link_target(" ,, </a> ; REL = \"next\" ,", "next") == "/a");
  CHECK(link_target("<>;rel=next", "next") == "");
  CHECK(link_target("</a>; crossorigin; rel=next", "next") == "/a");
  CHECK(link_target("</a>; title=\"\\\"\"; rel=next", "next") == "/a");
  for (const auto* none :
       {"", "</a>", "</a>; rel=prev", "</a>; rel=prev; rel=next", "</a>; rel=nextly",
        "</a>; title=\"rel=next", "/a; rel=next", "</a; rel=next", "</a>; rel=\"next",
        "</a> junk; rel=next", "</a>; rel=prev </b>; rel=next", "</a>; title=\"x\\"}) {
    CAPTURE(none);
    CHECK_FALSE(link_target(none, "next"));
  }
}
