#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "convert/io/output_folder.h"
#include "convert/progress.h"

namespace waag::convert {

/// Writes the small files that make weights a model: `texts`, and from the source's folder those of
/// the tokenizer and the settings of generation that `texts` does not replace.
/// @param folder  below the output
/// @return their names, in the output
Result<std::vector<std::string>> write_companions(const std::string& folder,
                                                  const std::filesystem::path& source,
                                                  const std::map<std::string, std::string>& texts,
                                                  OutputFolder& output, Progress& progress);

}  // namespace waag::convert
