#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/convert/convert_spec.h"
#include "daemon/convert/validation/validation.h"
#include "storage/snapshot.h"

namespace waag::daemon {

/// What certificates of one conversion have in common.
struct CertificateFacts {
  std::vector<certificate::File> source_files;  // that were read
  ValidationText text;
  std::string device, cpu;
  hub::Millis time{};
};

/// Of a target that may be published. What it becomes in a repo is the publisher's to say:
/// output_repo, output_files and key.
certificate::Certificate certificate_of(const CertificateFacts& facts, const ConvertSpec& spec,
                                        const std::string& target,
                                        const TargetValidation& validation);

/// Hashes of files of the source's as they lie in `folder`: LFS files' are known.
/// @return Errc::unavailable if one cannot be read. Blocks
Result<std::vector<certificate::File>> certified_files(
    const std::filesystem::path& folder, const std::vector<storage::TreeEntry>& entries);

/// "AMD EPYC 9654 96-Core Processor"; "unknown" where the system does not tell.
/// @param cpuinfo  as in /proc/cpuinfo
std::string cpu_name(const std::filesystem::path& cpuinfo = "/proc/cpuinfo");

}  // namespace waag::daemon
