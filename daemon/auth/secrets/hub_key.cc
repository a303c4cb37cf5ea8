#include "daemon/auth/secrets/hub_key.h"

#include "daemon/app.h"
#include "daemon/auth/secrets/secret_file.h"

namespace waag::daemon {

std::shared_ptr<HubKey> make_hub_key(const Config& config, storage::Random& random) {
  return std::make_shared<HubKey>(config.store.data, random);
}

Result<certificate::PublicKey> HubKey::public_key() {
  WAAG_TRY(const auto known, seed());
  return certificate::public_key_of(known);
}

Result<certificate::Signature> HubKey::sign(ByteView bytes) {
  WAAG_TRY(const auto known, seed());
  return certificate::sign(known, bytes);
}

Result<HubKey::SignedCertificate> HubKey::sign(certificate::Certificate of) {
  WAAG_TRY(of.key, public_key());
  SignedCertificate made;
  made.text = certificate::text_of(of);
  const auto read = certificate::parse_certificate(made.text);
  if (!read) return fail(Errc::internal, "not signed: " + read.error().what);
  if (!(*read == of)) return fail(Errc::internal, "not signed: certificate with text of no UTF-8");
  WAAG_TRY(const auto signature, sign(as_bytes(made.text)));
  made.signature = as_text(signature.view());
  return made;
}

Result<certificate::PrivateSeed> HubKey::seed() {
  const std::scoped_lock held(lock_);
  if (!seed_) {
    WAAG_TRY(seed_, read_or_draw());
  }
  return *seed_;
}

Result<certificate::PrivateSeed> HubKey::read_or_draw() const {
  WAAG_TRY(const auto found, read_secret_file(path_, Readers::owner_only));
  if (found) {
    const auto seed = certificate::parse_private_pem(*found);
    if (seed) return *seed;
    return fail(Errc::corrupt,
                path_.string() +
                    " is damaged: put the one of a backup there, or move it away for "
                    "a new key, which old certificates are not signed by");
  }
  certificate::PrivateSeed drawn;
  random_.fill(drawn.bytes);
  WAAG_CHECK(write_secret_file(path_, certificate::to_pem(drawn)));
  return drawn;
}

}  // namespace waag::daemon
