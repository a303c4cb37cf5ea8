#include "tests/support/net/tls_channel.h"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace waag::testing {
namespace {

void need(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

class TlsChannel final : public ScriptChannel {
 public:
  explicit TlsChannel(std::shared_ptr<SSL> ssl) : ssl_(std::move(ssl)) {}
  ~TlsChannel() override { SSL_shutdown(ssl_.get()); }
  long read(char* out, std::size_t bytes) override {
    return SSL_read(ssl_.get(), out, static_cast<int>(bytes));
  }
  bool write(std::string_view bytes) override {
    return bytes.empty() || SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }

 private:
  std::shared_ptr<SSL> ssl_;
};

std::shared_ptr<X509> make_certificate(EVP_PKEY* key, const std::string& names, bool expired) {
  constexpr long day_s = 86'400;
  std::shared_ptr<X509> made(X509_new(), X509_free);
  auto* of = made.get();
  X509_set_version(of, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(of), 1);
  X509_gmtime_adj(X509_getm_notBefore(of), -2 * day_s);
  X509_gmtime_adj(X509_getm_notAfter(of), expired ? -day_s : day_s);
  X509_set_pubkey(of, key);
  auto* name = X509_get_subject_name(of);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("waag test"), -1, -1, 0);
  X509_set_issuer_name(of, name);
  for (const auto& [kind, value] : {std::pair<int, std::string>{NID_subject_alt_name, names},
                                    {NID_basic_constraints, "critical,CA:TRUE"}}) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    need(extension != nullptr, "extension of a certificate");
    X509_add_ext(of, extension, -1);
    X509_EXTENSION_free(extension);
  }
  need(X509_sign(of, key, EVP_sha256()) > 0, "signature of a certificate");
  return made;
}

std::string pem_of(X509* certificate) {
  const std::shared_ptr<BIO> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(memory.get(), certificate);
  char* data = nullptr;
  const auto bytes = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(bytes)};
}

}  // namespace

TlsServerKey::TlsServerKey(const std::string& names, bool expired)
    : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  need(context_ && key, "a key for TLS");
  const auto certificate = make_certificate(key.get(), names, expired);
  need(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1 &&
           SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1,
       "a certificate for TLS");
  SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  pem_ = pem_of(certificate.get());
}

ScriptServer::Wrap TlsServerKey::wrap() const {
  return [context = context_](int fd) -> std::unique_ptr<ScriptChannel> {
    std::shared_ptr<SSL> ssl(SSL_new(context.get()), SSL_free);
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1 || SSL_accept(ssl.get()) != 1) return nullptr;
    return std::make_unique<TlsChannel>(std::move(ssl));
  };
}

}  // namespace waag::testing
