#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "daemon/config.h"
#include "protocol/ids.h"

namespace waag::daemon {

/// One thing that a conversion makes: "gguf:Q4_K_M", "safetensors:fp8-dynamic".
struct ConvertTarget {
  enum class Kind : std::uint8_t { gguf, safetensors };
  Kind kind{Kind::gguf};
  std::string type;  // in the spelling that waag-convert takes

  bool operator==(const ConvertTarget&) const = default;
  [[nodiscard]] std::string text() const;
  /// The type in any case. Errc::invalid_argument names the types that there are.
  static Result<ConvertTarget> parse(std::string_view text);
};

/// The same for a list, each once; Errc::invalid_argument also if there are none or too many.
Result<std::vector<ConvertTarget>> parse_targets(const std::vector<std::string>& texts);

/// How targets are made, all alike.
struct ConvertOptions {
  std::string imatrix;  // path of a file of the source; "" = none
  bool allow_requantize = false;
  std::string via = "bf16";       // what FP8 weights become on their way; "direct": nothing
  std::uint64_t split_bytes = 0;  // of a file's weights at most; 0: as the converter likes

  bool operator==(const ConvertOptions&) const = default;
};

/// What a client, or a mirror's rule, wants converted.
struct ConvertWish {
  RepoId source;
  std::string revision = "main";
  std::vector<ConvertTarget> targets;
  std::string ns;    // of what is made; "" = the source's, else the asker's own
  std::string name;  // before the suffix; "" = the source's
  ConvertOptions options;
  std::optional<bool> validate;  // nullopt: as the hub is set up

  /// {"source":"ns/name","revision":"main","targets":["gguf:Q4_K_M"],"name":"ns/name" or "name",
  /// "imatrix":"imatrix.dat","allow_requantize":false,"via":"bf16","split_bytes":40000000000,
  /// "validate":true}; all but source and targets may be left out.
  static Result<ConvertWish> parse(const boost::json::object& from);
};

/// What a job of the kind "convert" does: a wish, settled.
struct ConvertSpec {
  struct Output {
    ConvertTarget target;
    RepoId repo;  // where it is published
    bool operator==(const Output&) const = default;
  };
  RepoId source;
  std::string revision;  // as it was asked for
  CommitId commit;
  std::string source_url;  // where people find it
  std::vector<Output> outputs;
  ConvertOptions options;
  bool validate = false;  // what is made is compared with the source before it is published

  bool operator==(const ConvertSpec&) const = default;
  static Result<ConvertSpec> parse(const boost::json::object& from);
  [[nodiscard]] boost::json::object to_json() const;
};

/// The end of the name of the repo that a target goes to: "-GGUF", "-FP8", ...
const std::string& suffix_of(const Config::Convert& config, const ConvertTarget& target);

/// "Qwen2.5-7B-Instruct-Q4_K_M.gguf"
std::string gguf_name(std::string_view model, const ConvertTarget& target);

}  // namespace waag::daemon
