#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/convert/convert_spec.h"
#include "protocol/certificate/certificate.h"

namespace waag::daemon {

/// What the README.md of a repo of conversions says.
struct CardFacts {
  struct File {
    std::string path;
    std::uint64_t size_bytes = 0;
  };
  std::string title;  // the repo's name
  RepoId source;
  CommitId commit;
  std::string source_url;
  std::string source_readme;           // whose metadata are carried over
  std::vector<ConvertTarget> targets;  // of this conversion, of this repo
  ConvertOptions options;
  std::vector<std::string> warnings;  // what the converter said of it; on one line each
  bool validate = false;              // it was asked for
  std::vector<File> weights;          // all that the repo has by now
  struct Certified {
    std::string path;
    certificate::Certificate certificate;
  };
  std::vector<Certified> certificates;  // likewise
};

/// The same facts give the same bytes.
std::string model_card(const CardFacts& facts);

/// Whether a README.md is one of ours, which may be written anew: people's are left alone.
bool is_our_card(std::string_view readme);

/// The licence, tags and languages that a card's metadata name.
struct CardFields {
  std::string license;
  std::vector<std::string> base_models, tags, languages;
};
CardFields card_fields(std::string_view readme);

}  // namespace waag::daemon
