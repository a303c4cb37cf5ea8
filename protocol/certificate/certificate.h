#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/certificate/ed25519.h"
#include "protocol/hub/dates.h"
#include "protocol/ids.h"

/// What a hub vouches for of something that it has converted: from which bytes which bytes were
/// made, how far they are from each other, and what it thinks of that (FORMATS 7.5). It is a file
/// beside the weights, and the hub's signature over that file's exact bytes is another:
///
///     certificates/Q4_K_M.json        members in this order, all of them there
///     certificates/Q4_K_M.json.sig    64 bytes, Ed25519
namespace waag::certificate {

inline constexpr std::string_view schema = "waag-certificate-1";
/// A tensor takes about 250 bytes, and the largest models have 100,000.
inline constexpr std::size_t certificate_bytes_max = 32 * 1024 * 1024;
inline constexpr std::size_t files_max = 10'000, tensors_max = 200'000, blocks_max = 10'000,
                             reasons_max = 1'000, rank_max = 8;
inline constexpr std::size_t text_bytes_max = 1024;  // of any one: as long as paths may be

struct File {
  std::string path;
  BlobId sha256;
  std::uint64_t size_bytes = 0;
  bool operator==(const File&) const = default;
};

/// Errors of one tensor, its values read back from the result (FORMATS 7.1).
struct Tensor {
  std::string name, type;
  std::vector<std::uint64_t> shape;
  std::optional<double> sqnr_db;  // nullopt: it is exact, or empty
  double rel_rmse = 0, max_error = 0;
  BlobId sha256;  // of its bytes in the result
  bool operator==(const Tensor&) const = default;
};

/// Both models over one text (FORMATS 7.2); nats, shares, and what the event `compared` says.
struct Figures {
  std::uint64_t places = 0;
  double perplexity_reference = 0, perplexity_other = 0;
  double ln_perplexity_ratio = 0, ln_perplexity_ratio_error = 0;
  double kld_mean = 0, kld_error = 0, kld_median = 0, kld_p90 = 0, kld_p99 = 0, kld_p999 = 0,
         kld_max = 0;
  double same_top = 0;
  double next_mean = 0, next_rms = 0;
  bool operator==(const Figures&) const = default;
};

enum class Verdict : std::uint8_t { pass, warn, fail };
std::string_view to_string(Verdict verdict);
/// Errc::invalid_argument unless "pass", "warn" or "fail".
Result<Verdict> parse_verdict(std::string_view text);

/// What figures were held against, `factor` (of the model's size and the operator) applied: more is
/// a warning, more than twice as much a failure (docs/decisions/0013).
struct Limits {
  double kld_mean = 0, kld_p99 = 0, same_top = 0, ln_perplexity_ratio = 0, factor = 0;
  bool operator==(const Limits&) const = default;
};

struct Certificate {
  std::string source_repo;  // "ns/name"
  CommitId source_commit;
  std::vector<File> source_files;                   // all that was read
  std::string output_repo, target;                  // "ns/name-GGUF", "gguf:Q4_K_M"
  std::vector<File> output_files;                   // weights first
  std::optional<BlobId> imatrix;                    // SHA-256 of the importance matrix
  std::string tool_name, tool_version, float_mode;  // "waag-convert", "0.1.0", "no-fma"
  std::string via;                                  // "bf16", "direct"
  std::vector<Tensor> tensors;
  std::string text_id;
  BlobId text_sha256, tokenizer_sha256;
  std::uint64_t context = 0, tokens = 0;  // of the text: of one window, of all
  Figures figures;
  std::vector<double> blocks;  // error of the hidden states after each
  Verdict verdict{Verdict::fail};
  Limits limits;
  std::vector<std::string> reasons;  // why it is no "pass"
  std::string device, cpu;           // on which it was made
  hub::Millis time{};
  PublicKey key;  // whose signature belongs to it
  bool operator==(const Certificate&) const = default;
};

/// The file: the same certificate gives the same bytes, and numbers are written so that they are
/// read as the same value. What parse_certificate() refuses (a number that is not finite, text
/// that is no UTF-8, lists too long) gives a text that it refuses, or another certificate: whoever
/// signs reads it back first.
std::string text_of(const Certificate& certificate);

/// Reads such a file, of whatever origin: nothing but white space may differ from its form.
/// @return Errc::invalid_argument for another schema; members missing, unknown, twice or in another
///         order; wrong types; numbers that are not finite; texts with control characters; paths
///         that leave the repo; a path or tensor named twice; no output file. Errc::too_large
///         beyond the limits above
Result<Certificate> parse_certificate(std::string_view text);

/// "certificates/Q4_K_M.json" for "gguf:Q4_K_M", in the repo of what was made.
std::string path_of(std::string_view target);
/// Of the signature, from the certificate's.
std::string signature_path_of(std::string_view path);

}  // namespace waag::certificate
