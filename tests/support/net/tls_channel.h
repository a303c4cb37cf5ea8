#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/net/script_server.h"

struct ssl_ctx_st;

namespace waag::testing {

/// What makes a ScriptServer speak TLS: a certificate of its own, made at once, that nobody but a
/// client with certificate() as its authority trusts.
class TlsServerKey {
 public:
  /// @param names  subjectAltName, such as "IP:127.0.0.1" or "DNS:hub.example"
  explicit TlsServerKey(const std::string& names, bool expired = false);
  /// For ScriptServer. The key must outlive the server.
  [[nodiscard]] ScriptServer::Wrap wrap() const;
  [[nodiscard]] const std::string& certificate() const { return pem_; }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
  std::string pem_;
};

}  // namespace waag::testing
