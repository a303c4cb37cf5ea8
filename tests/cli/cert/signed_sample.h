#pragma once

#include <string>

#include "tests/protocol/certificate/sample.h"

namespace waag::cli::testing {

inline const auto hub_seed = *certificate::PrivateSeed::parse(std::string(64, 'a'));
inline const auto other_seed = *certificate::PrivateSeed::parse(std::string(64, 'b'));

/// A certificate as a hub publishes it.
struct SignedText {
  std::string text, signature;
};

inline SignedText signed_by(const certificate::PrivateSeed& seed, certificate::Certificate of) {
  of.key = public_key_of(seed);
  SignedText made;
  made.text = text_of(of);
  made.signature = as_text(sign(seed, as_bytes(made.text)).view());
  return made;
}

}  // namespace waag::cli::testing
