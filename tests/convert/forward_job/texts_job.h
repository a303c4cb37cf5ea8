#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "convert/forward_job/texts_spec.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {

/// Texts to be run through a tiny model, and what that says.
struct TextsJob {
  explicit TextsJob(std::vector<std::vector<std::uint32_t>> texts) {
    TinyModel::llama().scale(1e-4f).write(folder);
    spec.model = folder.path();
    spec.texts = std::move(texts);
    spec.threads = 1;
  }
  std::function<void(std::string_view)> sink() {
    return
        [this](std::string_view line) { events.push_back(boost::json::parse(line).as_object()); };
  }

  waag::testing::ModelFolder folder;
  TextsSpec spec;
  std::vector<boost::json::object> events;
};

}  // namespace waag::convert::testing
