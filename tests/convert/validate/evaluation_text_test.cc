#include "convert/validate/evaluation_text.h"

#include <catch2/catch.hpp>

#include "protocol/hash.h"

namespace waag::convert {
namespace {

TEST_CASE("the evaluation text is the one that its name stands for") {
  const auto text = evaluation_text();
  // Certificates of before name it: another text needs another name.
  CHECK(evaluation_text_id == "waag-evaluation-1");
  CHECK(sha256(as_bytes(text)).hex() ==
        "42d4c9d8a4ee1c096b83cbb7dee77ea13c3a3fe48670240480f9228ab11aff13");
  CHECK(text.starts_with("Mr. President"));
  CHECK(text.ends_with("room.\n"));
}

}  // namespace
}  // namespace waag::convert
