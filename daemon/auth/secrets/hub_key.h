#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/certificate/certificate.h"
#include "storage/os/clock.h"

namespace waag::daemon {

/// The key by which the hub signs certificates of conversions: DATA/hub.key, a private key of
/// Ed25519 in PEM form, 0600, drawn when it is first needed and never replaced. A file that is
/// damaged, or that others than its owner can read, is an error each time until somebody puts it
/// right: a new key in its place would make all certificates so far look forged. May be used by
/// several threads; touches the disk until the key is known.
class HubKey {
 public:
  static constexpr const char* file_name = "hub.key";

  /// @param random  outlives it
  HubKey(const std::filesystem::path& data, storage::Random& random)
      : path_(data / file_name), random_(random) {}

  /// All three: Errc::corrupt if the file is no such key, or open to others; what the disk says.
  Result<certificate::PublicKey> public_key();
  Result<certificate::Signature> sign(ByteView bytes);

  struct SignedCertificate {
    std::string text;       // of certificates/TARGET.json
    std::string signature;  // the 64 bytes of certificates/TARGET.json.sig
  };
  /// @param of  its `key` is set here
  /// @return Errc::internal if the certificate would not be read as what it says
  Result<SignedCertificate> sign(certificate::Certificate of);

 private:
  Result<certificate::PrivateSeed> seed();
  Result<certificate::PrivateSeed> read_or_draw() const;

  const std::filesystem::path path_;
  storage::Random& random_;
  std::mutex lock_;
  std::optional<certificate::PrivateSeed> seed_;
};

}  // namespace waag::daemon
