#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/snapshot.h"

namespace waag::daemon {

/// What of a model's repo a conversion reads: files of its root alone, as transformers does.
struct SourceFiles {
  std::vector<storage::TreeEntry> small;     // configs, tokenizers, the card, licences; the imatrix
  std::vector<storage::TreeEntry> weights;   // all that there are, in any format
  std::vector<storage::TreeEntry> licences;  // those of `small` that go with every copy
};

/// @param imatrix  path of one more file that is wanted; "" = none. Errc::entry_not_found if the
///                 repo lacks it
Result<SourceFiles> find_source_files(const std::vector<storage::TreeEntry>& entries,
                                      std::string_view imatrix);

/// Whether what is made depends on that one of the small files: cards and licences go with it only.
bool is_read_by_converter(const SourceFiles& files, std::string_view path);

/// Where an index of the weight files stands: "model.safetensors.index.json" or, where there are no
/// safetensors, "pytorch_model.bin.index.json"; "" if there is none.
std::string index_name(const SourceFiles& files);

/// The weights that are wanted: those that the index names, else all *.safetensors but for second
/// copies in another layout (consolidated.*), else *.bin.
/// @return Errc::unprocessable if there are none, or the index names a file that is not there
Result<std::vector<storage::TreeEntry>> choose_weights(const SourceFiles& files,
                                                       std::string_view index_json);

/// Bytes that the outputs take, about, and rather more than less.
/// @param weight_bytes  of the source, taken for 16 bits a weight
/// @param types         "Q4_K_M", "fp8-dynamic", ...
std::uint64_t estimate_output_bytes(std::uint64_t weight_bytes,
                                    const std::vector<std::string>& types);

}  // namespace waag::daemon
