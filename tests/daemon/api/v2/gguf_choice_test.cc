#include "daemon/api/v2/gguf_choice.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

namespace {

std::string chosen(const std::vector<std::string>& paths, std::string_view tag = "") {
  const auto choices = gguf_choices(paths);
  const auto* found = choose_gguf(choices, tag);
  return found == nullptr ? "" : found->path;
}

const std::vector<std::string> usual{"README.md", "tiny-IQ4_XS.gguf", "tiny-Q4_K_M.gguf",
                                     "tiny-Q8_0.gguf", "tiny-f16.gguf"};

}  // namespace

TEST_CASE("gguf choice: tags", "[daemon][v2]") {
  CHECK(chosen(usual) == "tiny-Q4_K_M.gguf");
  CHECK(chosen(usual, "latest") == "tiny-Q4_K_M.gguf");
  CHECK(chosen(usual, "q8_0") == "tiny-Q8_0.gguf");
  CHECK(chosen(usual, "F16") == "tiny-f16.gguf");
  CHECK(chosen(usual, "iq4_xs") == "tiny-IQ4_XS.gguf");
  CHECK(chosen(usual, "Q4_XS").empty());  // the end of another word
  CHECK(chosen(usual, "tiny-Q8_0.gguf") == "tiny-Q8_0.gguf");
  CHECK(chosen(usual, "tiny-Q8_0") == "tiny-Q8_0.gguf");
  CHECK(chosen(usual, "Q5_K_M").empty());
  CHECK(chosen({"a-Q4_K_M-v2.gguf"}, "Q4_K_M") == "a-Q4_K_M-v2.gguf");
  CHECK(chosen({"a.gguf", "b.gguf"}) == "a.gguf");
  CHECK(chosen({"a-Q2_K.gguf", "b-Q8_0.gguf"}) == "b-Q8_0.gguf");
  CHECK(chosen({"UD/a-UD-Q4_K_XL.gguf"}, "UD-Q4_K_XL") == "UD/a-UD-Q4_K_XL.gguf");
  CHECK(chosen({}).empty());
}

TEST_CASE("gguf choice: what is no model", "[daemon][v2]") {
  CHECK(gguf_choices({"mmproj-F16.gguf", "a.imatrix.gguf", "mtp-a.gguf", "eagle3-a.gguf",
                      "dflash-a.gguf", "dspark-a.gguf", "a-MTP-Q8_0.gguf", "a.bin"})
            .empty());
}

TEST_CASE("gguf choice: parts and projectors", "[daemon][v2]") {
  const auto choices =
      gguf_choices({"big/a-Q4_0-00001-of-00003.gguf", "big/a-Q4_0-00002-of-00003.gguf",
                    "big/a-Q4_0-00003-of-00003.gguf", "big/mmproj-a.gguf", "mmproj-F16.gguf",
                    "one-Q8_0-00001-of-00001.gguf", "other/b-Q8_0.gguf"});
  REQUIRE(choices.size() == 3);
  CHECK(choices[0].tag == "Q4_0");
  CHECK(choices[0].split);
  CHECK(choices[0].path == "big/a-Q4_0-00001-of-00003.gguf");
  CHECK(choices[0].mmproj == "big/mmproj-a.gguf");
  CHECK(choices[1].tag == "Q8_0");
  CHECK_FALSE(choices[1].split);
  CHECK(choices[2].mmproj == "mmproj-F16.gguf");
}

TEST_CASE("gguf choice: what all files of a model have in common", "[daemon][v2]") {
  CHECK(gguf_stem("a-Q4_0.gguf") == "a-Q4_0");
  CHECK(gguf_stem("big/a-Q4_0-00002-of-00003.gguf") == "big/a-Q4_0");
  CHECK(gguf_stem("a-2-of-3.gguf") == "a-2-of-3");
  CHECK(gguf_stem(".gguf").empty());
}

TEST_CASE("gguf choice: what the client is told", "[daemon][v2]") {
  CHECK(unknown_tag_text(gguf_choices(usual)) ==
        "The specified tag is not a valid quantization scheme. Please use another tag or "
        "\"latest\". Available: IQ4_XS Q4_K_M Q8_0 f16");
  CHECK(unknown_tag_text({}) == "This repository has no GGUF files that can be used");
  CHECK(unknown_tag_text({}, /*has_parts=*/true) ==
        "This repository's GGUF files are in parts, which Ollama cannot join");
}
