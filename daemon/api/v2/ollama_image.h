#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/ids.h"
#include "protocol/model/weight_summary.h"

// What `ollama pull` gets in the place of a container image. Source: HUB_API 8.2; Docker's image
// manifest, version 2, schema 2.

namespace waag::daemon {

struct ImageLayer {
  std::string media_type;
  BlobId digest;
  std::uint64_t size_bytes = 0;
};

/// What an image is made of.
struct ImageParts {
  ImageLayer model;                                // its media type is set by make_image()
  std::optional<ImageLayer> projector;             // likewise
  std::string tag;                                 // "Q4_K_M"
  std::optional<model::GgufSummary> facts;         // nullopt: nothing is known of the file
  std::string chat_template, system, params_json;  // files of the repo; "" = none
};

struct Image {
  /// A small blob that is made, not stored.
  struct Text {
    BlobId digest;
    std::string content;
  };
  Text config;
  std::vector<ImageLayer> layers;
  std::vector<Text> texts;  // of those layers that are no files
};

/// The same parts give the same bytes. Without a template of the repo's own, that of a well-known
/// format is taken if the file's is one.
Image make_image(ImageParts parts);

std::string manifest_json(const Image& image);

/// "7.6B", "494M": as models are called.
std::string parameters_text(std::uint64_t count);

}  // namespace waag::daemon
