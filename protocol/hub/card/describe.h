#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/hub/card/model_config.h"
#include "protocol/ids.h"

namespace waag::hub {

/// The files of one commit, as far as a description follows from them.
struct RepoFiles {
  RepoType type{RepoType::model};
  std::vector<std::string> paths;  // of all files
  std::string readme;              // README.md; "" if there is none
  ConfigFiles configs;             // of models
};

/// What info and lists say about a repo, but for what its weight files hold. Fields that end in
/// _json hold JSON, or "" where the field is absent.
struct Description {
  std::vector<std::string> tags;
  std::string pipeline_tag;
  std::string library_name;
  std::string mask_token;
  std::string card_json;         // cardData
  std::string model_index_json;  // model-index
  std::string widget_json;       // widgetData
  std::string config_json;
  std::string transformers_json;
  std::string base_models_json;
  std::string description;  // datasets
  std::string citation;
  std::string paperswithcode_id;
  std::string sdk;                    // spaces
  std::vector<std::string> models;    // that a space uses
  std::vector<std::string> datasets;  // likewise

  bool operator==(const Description&) const = default;
};

/// Front matter to metadata (HUB_API 4.8). A card that cannot be read gives no cardData, never an
/// error.
Description describe(const RepoFiles& files);

}  // namespace waag::hub
