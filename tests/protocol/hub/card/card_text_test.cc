#include "protocol/hub/card/card_text.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

using Ids = std::vector<std::string>;

TEST_CASE("card_text: papers", "[protocol][card]") {
  CHECK(arxiv_ids("See https://arxiv.org/abs/1706.03762v5 and arxiv.org/pdf/2406.00001.pdf.") ==
        Ids{"1706.03762", "2406.00001"});
  CHECK(arxiv_ids("arXiv:1810.04805, ARXIV: 1810.04805, https://arxiv.org/html/2405.12345") ==
        Ids{"1810.04805", "2405.12345"});
  CHECK(arxiv_ids("![p](https://img.shields.io/badge/arXiv-1234)").empty());
  CHECK(arxiv_ids("arxiv arxiv. arxiv:17.03 arxiv:1706.0 arxiv:1706.037621").empty());
  CHECK(arxiv_ids("").empty());
  std::string many;
  for (int i = 1000; i < 1200; ++i) many += "arxiv:" + std::to_string(i) + ".00001 ";
  CHECK(arxiv_ids(many).size() == arxiv_ids_max);
}

TEST_CASE("card_text: the first words", "[protocol][card]") {
  CHECK(first_words("\n# Title\r\n\n<!-- a\nb -->\nSome  words.\n```py\nx\n```\n") ==
        "Title Some  words.");
  CHECK(first_words("").empty());
  std::string prose;
  for (int i = 0; i < 500; ++i) prose += "word ";
  const auto cut = first_words(prose);
  CHECK(cut.size() <= description_bytes_max + 4);
  CHECK(cut.ends_with("word …"));
  std::string unspaced;
  for (int i = 0; i < 500; ++i) unspaced += "\xE4\xBD\xA0";
  const auto characters = first_words(unspaced);
  CHECK(characters.size() <= description_bytes_max + 4);
  CHECK((characters.size() - std::string(" …").size()) % 3 == 0);
}

TEST_CASE("card_text: the citation", "[protocol][card]") {
  const std::string entry = "@article{x,\ntitle={y}\n}";
  CHECK(first_citation("# T\n```python\na = '@'\n```\n```bibtex\n" + entry + "\n```\n") == entry);
  CHECK(first_citation("```\n" + entry + "\n").empty());  // never closed
  CHECK(first_citation(entry).empty());
  CHECK(first_citation("```\n@" + std::string(citation_bytes_max, 'x') + "\n```\n").empty());
}
