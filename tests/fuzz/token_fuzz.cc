#include <algorithm>

#include "daemon/auth/token.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;
using namespace waag::daemon;

namespace {

bool is_alphanumeric(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

/// The input decides every draw: whatever is minted of it must be read back.
class InputRandom final : public storage::Random {
 public:
  explicit InputRandom(ByteView input) : input_(input) {}
  void fill(std::span<std::byte> out) override {
    for (auto& byte : out) {
      const auto drawn = input_.empty() ? std::byte{0} : input_[at_ % input_.size()];
      // Counted up, so that an input of refused bytes alone ends too.
      byte = static_cast<std::byte>(std::to_integer<std::size_t>(drawn) + at_++);
    }
  }

 private:
  ByteView input_;
  std::size_t at_ = 0;
};

void check_parsed(std::string_view text) {
  const auto parts = parse_token(text);
  if (!parts) return;
  FUZZ_REQUIRE(text.starts_with("hf_") && is_alphanumeric(text.substr(3)));
  FUZZ_REQUIRE(parts->public_id == text.substr(3, token_id_chars));
  // The checksum covers all of it: no neighbour of a token is one.
  auto changed = std::string(text);
  changed.back() = changed.back() == '0' ? '1' : '0';
  FUZZ_REQUIRE(!parse_token(changed));
}

}  // namespace

void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  check_parsed(text);
  if (const auto token = token_of(text)) {
    FUZZ_REQUIRE(token->size() <= text.size());
    check_parsed(*token);
  }
  InputRandom random(input);
  const auto minted = mint_token(random);
  const auto back = parse_token(minted.text);
  FUZZ_REQUIRE(back && back->public_id == minted.parts.public_id &&
               back->secret_sha256 == minted.parts.secret_sha256);
  FUZZ_REQUIRE(token_of("Bearer " + minted.text) == minted.text);
}

WAAG_FUZZ_TARGET
