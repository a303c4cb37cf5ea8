#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/certificate/certificate.h"

// What `waag-convert --validate` says on its stdout, a JSON object a line. As little is believed of
// it as of a conversion (converter_events.h): bounds here, the order in validation.h.

namespace waag::daemon {

/// {"event":"text","id":"waag-evaluation-1","sha256":…,"tokenizer_sha256":…,"context":512,
///  "tokens":8192,"places":4080}
struct ValidationText {
  std::string id;
  BlobId sha256, tokenizer_sha256;
  std::uint64_t context = 0, tokens = 0, places = 0;
};
/// {"event":"weights","target":…,"name":…,"type":"Q4_K","shape":[…],"sqnr_db":22.9 or null,
///  "rel_rmse":…,"max_error":…,"sha256":…}
struct ValidationWeights {
  std::string target;
  certificate::Tensor tensor;
  bool is_finite = true;  // false: an error that is no number; 0 in `tensor`
};
/// {"event":"block","target":…,"block":0,"blocks":30,"error":0.01}
struct ValidationBlock {
  std::string target;
  std::uint64_t block = 0, blocks = 0;
  std::optional<double> error;  // nullopt: no number, as of a model that gives none
};
/// {"event":"compared","target":…, and the members of certificate::Figures}
struct ValidationCompared {
  std::string target;
  std::optional<certificate::Figures> figures;  // nullopt: one of them is no number
};
/// {"event":"verdict","target":…,"verdict":"warn","limits":{…},"reasons":["…"]}
struct ValidationVerdict {
  std::string target;
  certificate::Verdict verdict{certificate::Verdict::fail};
  certificate::Limits limits;
  std::vector<std::string> reasons;  // for people; on one line each
};
struct ValidationDone {};
struct ValidationError {
  std::string message;
};

using ValidationEvent =
    std::variant<ValidationText, ValidationWeights, ValidationBlock, ValidationCompared,
                 ValidationVerdict, ValidationDone, ValidationError>;

/// Errc::unprocessable unless `line` is one of these. Where null stands for a number, what was made
/// gives none; NaN and infinity are no JSON.
Result<ValidationEvent> parse_validation_event(std::string_view line);

}  // namespace waag::daemon
