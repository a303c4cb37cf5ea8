#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace waag::convert {

/// An importance matrix: for each weight, the mean square of what each of its columns is multiplied
/// with (FORMATS 4.3). By the weight's GGUF name.
class Importance {
 public:
  /// Reads both forms: GGUF (`general.type` = "imatrix") and the older .dat.
  /// @return Errc::unprocessable if the file is neither, cut short, or holds what is no number
  static Result<Importance> read(const std::filesystem::path& file);
  /// The same of a file's bytes.
  static Result<Importance> parse(Bytes bytes);

  [[nodiscard]] bool empty() const { return weights_.empty(); }
  [[nodiscard]] std::size_t size() const { return weights_.size(); }
  [[nodiscard]] const std::string& dataset() const { return dataset_; }
  [[nodiscard]] std::uint32_t chunks() const { return chunks_; }
  /// SHA-256 of the file: what was made with another one is not gone on with.
  [[nodiscard]] const BlobId& sha256() const { return sha256_; }

  /// Weights of the columns of matrix `matrix` of the tensor `name`; empty if it was not collected.
  /// @return Errc::unprocessable if its size is not columns x matrices
  [[nodiscard]] Result<std::span<const float>> of(std::string_view name, std::uint64_t columns,
                                                  std::uint64_t matrices,
                                                  std::uint64_t matrix) const;

 private:
  friend class ImportanceReader;
  std::map<std::string, std::vector<float>, std::less<>> weights_;
  std::string dataset_;
  std::uint32_t chunks_ = 0;
  BlobId sha256_;
};

}  // namespace waag::convert
