#include "protocol/hash.h"

#include <new>

#include <blake3.h>
#include <isa-l/crc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace waag {
namespace {

struct MdFree {
  void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
};
using DigestCtx = std::unique_ptr<EVP_MD_CTX, MdFree>;

DigestCtx start(const EVP_MD* kind) {
  DigestCtx ctx(EVP_MD_CTX_new());
  if (!ctx || EVP_DigestInit_ex(ctx.get(), kind, nullptr) != 1) throw std::bad_alloc();
  return ctx;
}

template <class Id>
Id end(DigestCtx& ctx) {
  Id id;
  EVP_DigestFinal_ex(ctx.get(), reinterpret_cast<unsigned char*>(id.bytes.data()), nullptr);
  return id;
}

}  // namespace

struct Sha256::State {
  DigestCtx ctx = start(EVP_sha256());
};
Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
void Sha256::update(ByteView bytes) {
  EVP_DigestUpdate(state_->ctx.get(), bytes.data(), bytes.size());
}
BlobId Sha256::finish() { return end<BlobId>(state_->ctx); }

struct Sha1::State {
  DigestCtx ctx = start(EVP_sha1());
};
Sha1::Sha1() : state_(std::make_unique<State>()) {}
Sha1::~Sha1() = default;
Sha1::Sha1(Sha1&&) noexcept = default;
Sha1& Sha1::operator=(Sha1&&) noexcept = default;
void Sha1::update(ByteView bytes) {
  EVP_DigestUpdate(state_->ctx.get(), bytes.data(), bytes.size());
}
GitId Sha1::finish() { return end<GitId>(state_->ctx); }

BlobId sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

BlobId hmac_sha256(ByteView key, ByteView message) {
  BlobId mac;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       reinterpret_cast<unsigned char*>(mac.bytes.data()), nullptr);
  return mac;
}

std::array<std::byte, 32> blake3_keyed(const std::array<std::uint8_t, 32>& key, ByteView bytes) {
  blake3_hasher hasher;
  blake3_hasher_init_keyed(&hasher, key.data());
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  std::array<std::byte, 32> out{};
  blake3_hasher_finalize(&hasher, reinterpret_cast<std::uint8_t*>(out.data()), out.size());
  return out;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed) {
  constexpr std::size_t piece_bytes_max = std::size_t{1} << 30;  // crc32_iscsi counts in int
  std::uint32_t crc = ~seed;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), piece_bytes_max));
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
    crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
    bytes = bytes.subspan(piece.size());
  }
  return ~crc;
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace waag
