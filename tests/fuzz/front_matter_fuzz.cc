#include "protocol/hub/card/describe.h"
#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/card/yaml_json.h"
#include "protocol/hub/json_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

/// A README.md as anyone may commit it. What is read of it must be JSON, and never an error.
void fuzz::run(ByteView input) {
  const auto readme = as_text(input);
  const auto parts = hub::split_card(readme);
  FUZZ_REQUIRE(parts.yaml.size() + parts.text.size() <= readme.size());
  FUZZ_REQUIRE(!parts.closed || hub::front_matter(readme) == parts.yaml);
  const auto problems = hub::check_card(readme);
  if (const auto json = hub::yaml_to_json(parts.yaml)) {
    FUZZ_REQUIRE(json->size() <= 8 * hub::yaml_json_bytes_max);
    FUZZ_REQUIRE(hub::parse_json_object(*json).has_value());
  }
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space}) {
    hub::RepoFiles files;
    files.type = type;
    files.readme = readme;
    files.configs.config = readme;
    files.configs.tokenizer_config = readme;
    const auto about = hub::describe(files);
    if (!about.card_json.empty()) FUZZ_REQUIRE(hub::parse_json_object(about.card_json).has_value());
  }
}

WAAG_FUZZ_TARGET
