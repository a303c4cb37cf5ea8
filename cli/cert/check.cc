#include "cli/cert/check.h"

#include <algorithm>

#include "protocol/git/path.h"

namespace waag::cli {
namespace {

using certificate::PublicKey;
using certificate::Signature;

std::string named(const PublicKey& key) { return "ed25519:" + key.hex(); }

/// nullopt: `key` has signed it.
std::optional<std::string> problem_of_signature(std::string_view text,
                                                const std::optional<std::string>& signature,
                                                const PublicKey& key) {
  if (!signature) return "there is no signature beside it";
  const auto bytes = Signature::from(as_bytes(*signature));
  if (!bytes) return "its signature is not one: 64 bytes";
  if (is_signed_by(key, as_bytes(text), *bytes)) return std::nullopt;
  return "its signature is not that of " + named(key) + " over these bytes";
}

}  // namespace

Checked check_signed(std::string path, std::string_view text,
                     const std::optional<std::string>& signature, const PublicKey& key) {
  Checked checked;
  checked.path = std::move(path);
  auto read = certificate::parse_certificate(text);
  if (!read) {
    checked.problems.push_back(std::move(read).error().what);
    return checked;
  }
  // Otherwise the next problem says less.
  if (!(read->key == key)) {
    checked.problems.push_back("it is by another key, " + named(read->key) + ", not by " +
                               named(key));
    return checked;
  }
  if (auto problem = problem_of_signature(text, signature, key)) {
    checked.problems.push_back(*std::move(problem));
    return checked;
  }
  if (certificate::path_of(read->target) != checked.path)
    checked.problems.push_back("it is the certificate of " + read->target);
  if (read->verdict == certificate::Verdict::fail)
    checked.problems.push_back("the hub judged this conversion a failure");
  checked.certificate = *std::move(read);
  return checked;
}

void check_files(Checked& checked, const LookAtFile& look) {
  if (!checked.certificate) return;
  for (const auto& file : checked.certificate->output_files)
    if (auto problem = look(file)) checked.problems.push_back(file.path + ": " + *problem);
}

std::vector<std::string> certificate_paths(const std::vector<std::string>& paths,
                                           std::string_view target) {
  constexpr std::string_view front = "certificates/", back = ".json";
  const auto exact = certificate::path_of(target);
  const auto wanted = git::fold_case(exact);
  std::vector<std::string> found;
  for (const auto& path : paths) {
    if (!path.starts_with(front) || !path.ends_with(back)) continue;
    if (path.find('/', front.size()) != path.npos) continue;
    if (target.empty() || git::fold_case(path) == wanted) found.push_back(path);
  }
  if (target.empty() || found.size() < 2) return found;
  const bool has_exact = std::ranges::count(found, exact) > 0;
  return {has_exact ? exact : found.front()};
}

}  // namespace waag::cli
