#pragma once

#include <string>
#include <string_view>

#include "protocol/hub/card/describe.h"
#include "storage/snapshot.h"

namespace waag::daemon {

/// What info and lists say about a repo that follows from one commit alone. Immutable once made.
struct Summary {
  CommitId commit;
  storage::TimeMs modified{};       // the commit's date
  std::uint64_t files_bytes = 0;    // of all its files, at their real sizes
  std::uint64_t regular_bytes = 0;  // of those that are not LFS files
  std::uint64_t parameters = 0;     // of the weight files; 0 if unknown
  hub::Description about;
  std::string safetensors_json;  // "" if the field is absent
  std::string gguf_json;

  /// Bytes of memory, about.
  [[nodiscard]] std::size_t weight() const;
  bool operator==(const Summary&) const = default;
};

/// The value of a soft row (Store::summaries). A summary that an older release made is refused by
/// its version and made anew.
std::string encode(const Summary& summary);
/// Whether `value` is such a row, of that commit; its rest is not looked at.
bool is_row_of(std::string_view value, const CommitId& commit);
/// Errc::corrupt unless `value` is what encode() of this release writes.
Result<Summary> decode_summary(std::string_view value);

}  // namespace waag::daemon
