#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/certificate/certificate.h"

namespace waag::cli {

/// What came of checking one certificate. It holds if there is no problem.
struct Checked {
  std::string path;                                     // of the certificate in its repo
  std::optional<certificate::Certificate> certificate;  // if the signature is right, too
  std::vector<std::string> problems;
};

/// Whether `text` is a certificate that `key` has signed, of what its path says.
/// @param signature  all of the .sig file; nullopt: there is none
Checked check_signed(std::string path, std::string_view text,
                     const std::optional<std::string>& signature,
                     const certificate::PublicKey& key);

/// Says what is wrong with a file that a certificate names; nullopt: it has these bytes.
using LookAtFile = std::function<std::optional<std::string>(const certificate::File& file)>;

/// Looks at all files that a certificate says were made.
void check_files(Checked& checked, const LookAtFile& look);

/// The paths of certificates among `paths`, of all targets or (at most one) of `target`.
/// @param target  "gguf:Q4_K_M" or "Q4_K_M", in any case; of names that differ in case only the
///   exact one counts, else the first. Empty: all
std::vector<std::string> certificate_paths(const std::vector<std::string>& paths,
                                           std::string_view target);

}  // namespace waag::cli
