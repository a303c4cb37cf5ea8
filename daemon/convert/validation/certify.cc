#include "daemon/convert/validation/certify.h"

#include <fstream>

#include "daemon/convert/converter_events.h"
#include "daemon/version.h"
#include "protocol/hash.h"
#include "protocol/utf8.h"

namespace waag::daemon {
namespace {

constexpr std::size_t block_bytes = 1u << 20;
constexpr std::size_t cpu_bytes_max = 200, device_bytes_max = 200;

Result<BlobId> hash_of(const std::filesystem::path& path, std::uint64_t size_bytes) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(block_bytes);
  Sha256 hash;
  std::uint64_t got = 0;
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    hash.update(as_bytes(std::string_view(block.data(), count)));
    got += count;
  }
  if (got != size_bytes) return fail(Errc::unavailable, "cannot read " + path.string());
  return hash.finish();
}

}  // namespace

certificate::Certificate certificate_of(const CertificateFacts& facts, const ConvertSpec& spec,
                                        const std::string& target,
                                        const TargetValidation& validation) {
  certificate::Certificate made;
  made.source_repo = spec.source.full_name();
  made.source_commit = spec.commit;
  made.source_files = facts.source_files;
  made.target = target;
  for (const auto& file : facts.source_files)
    if (file.path == spec.options.imatrix && target.starts_with("gguf:"))
      made.imatrix = file.sha256;
  made.tool_name = "waag-convert";
  made.tool_version = program_version;
  made.float_mode = "no-fma";  // what makes its bits the reference's (docs/CONVERT.md)
  made.via = spec.options.via;
  made.tensors = validation.tensors;
  made.text_id = facts.text.id;
  made.text_sha256 = facts.text.sha256;
  made.tokenizer_sha256 = facts.text.tokenizer_sha256;
  made.context = facts.text.context;
  made.tokens = facts.text.tokens;
  made.figures = validation.figures.value_or(certificate::Figures{});
  made.blocks = validation.blocks;
  made.verdict = validation.verdict;
  made.limits = validation.limits;
  made.reasons = validation.reasons;
  made.device = readable(facts.device, device_bytes_max);
  made.cpu = facts.cpu;
  made.time = facts.time;
  return made;
}

Result<std::vector<certificate::File>> certified_files(
    const std::filesystem::path& folder, const std::vector<storage::TreeEntry>& entries) {
  std::vector<certificate::File> files;
  for (const auto& entry : entries) {
    certificate::File file{entry.path, {}, entry.size_bytes};
    if (entry.lfs) {
      file.sha256 = entry.lfs->id;
    } else {
      WAAG_TRY(file.sha256, hash_of(folder / entry.path, entry.size_bytes));
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::string cpu_name(const std::filesystem::path& cpuinfo) {
  std::ifstream file(cpuinfo);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    if (colon == line.npos || !is_utf8(line)) break;
    return readable(line.substr(colon + 2), cpu_bytes_max);
  }
  return "unknown";
}

}  // namespace waag::daemon
