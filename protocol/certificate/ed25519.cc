#include "protocol/certificate/ed25519.h"

#include <memory>
#include <new>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace waag::certificate {
namespace {

template <auto fn>
struct Free {
  template <class T>
  void operator()(T* it) const {
    fn(it);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestCtx = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;

constexpr std::size_t pem_bytes_max = 4096;

/// OpenSSL keeps a thread's errors until somebody asks: TLS would take ours for its own.
struct ErrorsLeft {
  ~ErrorsLeft() { ERR_clear_error(); }
};

const unsigned char* data_of(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// What it was asked for cannot fail but for want of memory: any 32 bytes are a seed.
template <class T>
T made(T it) {
  if (!it) throw std::bad_alloc();
  return it;
}

Key key_of(const PrivateSeed& seed) {
  return made(Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(seed.view()),
                                               PrivateSeed::size_bytes)));
}

Key key_of(const PublicKey& key) {
  return made(Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(key.view()),
                                              PublicKey::size_bytes)));
}

/// No pass phrase: without this, OpenSSL would ask the terminal for one.
int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string text_in(const Bio& bio) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<Bio> bio_of(std::string_view pem) {
  if (pem.size() > pem_bytes_max) return fail(Errc::invalid_argument, "a PEM file too long");
  return made(Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
}

template <class Id>
Result<Id> raw(const Key& key, int (*get)(const EVP_PKEY*, unsigned char*, std::size_t*)) {
  Id id;
  auto size = Id::size_bytes;
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
      get(key.get(), reinterpret_cast<unsigned char*>(id.bytes.data()), &size) != 1 ||
      size != Id::size_bytes)
    return fail(Errc::invalid_argument, "not an Ed25519 key in PEM form");
  return id;
}

}  // namespace

PublicKey public_key_of(const PrivateSeed& seed) {
  return *raw<PublicKey>(key_of(seed), EVP_PKEY_get_raw_public_key);
}

Signature sign(const PrivateSeed& seed, ByteView message) {
  const ErrorsLeft errors;
  const auto key = key_of(seed);
  const auto ctx = made(DigestCtx(EVP_MD_CTX_new()));
  Signature signature;
  auto size = Signature::size_bytes;
  if (EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(signature.bytes.data()), &size,
                     data_of(message), message.size()) != 1)
    throw std::bad_alloc();
  return signature;
}

bool is_signed_by(const PublicKey& key, ByteView message, const Signature& signature) {
  const ErrorsLeft errors;
  const auto of = key_of(key);
  const auto ctx = made(DigestCtx(EVP_MD_CTX_new()));
  return EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, of.get()) == 1 &&
         EVP_DigestVerify(ctx.get(), data_of(signature.view()), Signature::size_bytes,
                          data_of(message), message.size()) == 1;
}

std::string to_pem(const PublicKey& key) {
  const auto bio = made(Bio(BIO_new(BIO_s_mem())));
  if (PEM_write_bio_PUBKEY(bio.get(), key_of(key).get()) != 1) throw std::bad_alloc();
  return text_in(bio);
}

std::string to_pem(const PrivateSeed& seed) {
  const auto bio = made(Bio(BIO_new(BIO_s_secmem())));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_of(seed).get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    throw std::bad_alloc();
  return text_in(bio);
}

Result<PublicKey> parse_public_pem(std::string_view pem) {
  const ErrorsLeft errors;
  WAAG_TRY(const auto bio, bio_of(pem));
  return raw<PublicKey>(Key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr)),
                        EVP_PKEY_get_raw_public_key);
}

Result<PrivateSeed> parse_private_pem(std::string_view pem) {
  const ErrorsLeft errors;
  WAAG_TRY(const auto bio, bio_of(pem));
  return raw<PrivateSeed>(Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr)),
                          EVP_PKEY_get_raw_private_key);
}

}  // namespace waag::certificate
