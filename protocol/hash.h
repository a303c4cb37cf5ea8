#pragma once

#include <memory>

#include "protocol/ids.h"

namespace waag {

/// Streaming SHA-256 (OpenSSL, SHA-NI where the CPU has it).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  /// Ends the stream; the object may then only be destroyed or assigned to.
  BlobId finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Streaming SHA-1, for git object ids.
class Sha1 {
 public:
  Sha1();
  ~Sha1();
  Sha1(Sha1&&) noexcept;
  Sha1& operator=(Sha1&&) noexcept;
  void update(ByteView bytes);
  GitId finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

BlobId sha256(ByteView bytes);
/// HMAC-SHA-256 (RFC 2104), for signed hrefs.
BlobId hmac_sha256(ByteView key, ByteView message);
/// Keyed BLAKE3 with 32 bytes of output.
std::array<std::byte, 32> blake3_keyed(const std::array<std::uint8_t, 32>& key, ByteView bytes);
/// CRC-32C (Castagnoli, reflected, init and final xor 0xFFFFFFFF). Check value of "123456789":
/// E3069283.
/// @param seed the result for the bytes before, 0 at the start
std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0);
/// True if equal, in time that does not depend on where they differ.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace waag
