#pragma once

#include <filesystem>

#include "convert/source/stored_tensor.h"

namespace waag::convert {

/// Opens a *.bin as torch.save writes it since version 1.6: a zip with data.pkl, which says what
/// tensors there are, and a member of raw bytes for each storage. Checks both and that every
/// tensor lies inside of its storage; nothing in it is run.
/// @return Errc::unprocessable, naming the file and the rule, if it is anything else
Result<std::vector<StoredTensor>> open_torch_file(const std::filesystem::path& folder,
                                                  const std::string& name);

}  // namespace waag::convert
