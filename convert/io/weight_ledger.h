#pragma once

#include <map>
#include <memory>

#include "convert/io/output_folder.h"
#include "protocol/ids.h"

namespace waag::convert {

/// What a later process must know of weights that are written to places all over several files:
/// which of them are complete and durable, and a CRC-32C of their bytes. A text file beside them,
/// `<name>.progress`.
class WeightLedger {
 public:
  /// Reads the entries of an earlier run, if they are of the same plan; else begins anew.
  static Result<WeightLedger> open(OutputFolder& folder, const std::string& name,
                                   const BlobId& plan);

  /// By number: CRC-32C of all bytes of the weight, part after part.
  [[nodiscard]] const std::map<std::uint64_t, std::uint32_t>& entries() const { return entries_; }
  /// To be called once the weight's bytes are durable. The entry itself is with sync().
  Status add(std::uint64_t weight, std::uint32_t crc);
  Status sync();

 private:
  WeightLedger() = default;
  std::unique_ptr<OutputFile> file_;
  std::uint64_t size_bytes_ = 0;
  std::map<std::uint64_t, std::uint32_t> entries_;
};

}  // namespace waag::convert
