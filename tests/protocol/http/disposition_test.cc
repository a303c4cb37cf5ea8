#include "protocol/http/disposition.h"

#include <catch2/catch.hpp>

using namespace waag::http;

TEST_CASE("disposition: the shape that huggingface_hub parses", "[protocol][disposition]") {
  CHECK(content_disposition(Disposition::inline_, "dir/na me.bin") ==
        "inline; filename*=UTF-8''na%20me.bin; filename=\"na me.bin\";");
  CHECK(content_disposition(Disposition::attachment, "a") ==
        "attachment; filename*=UTF-8''a; filename=\"a\";");
  CHECK(content_disposition(Disposition::inline_, "h\xC3\xA9\xE4\xBD\xA0.txt") ==
        "inline; filename*=UTF-8''h%C3%A9%E4%BD%A0.txt; filename=\"h__.txt\";");
  CHECK(content_disposition(Disposition::inline_, "a\"b\\c\r\n") ==
        "inline; filename*=UTF-8''a%22b%5Cc%0D%0A; filename=\"a\\\"b\\\\c__\";");
}
