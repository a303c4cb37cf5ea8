#include "protocol/certificate/certificate.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  if (const auto read = certificate::parse_certificate(text)) {
    const auto written = certificate::text_of(*read);
    const auto again = certificate::parse_certificate(written);
    FUZZ_REQUIRE(again && *again == *read && certificate::text_of(*again) == written);
    FUZZ_REQUIRE(!read->output_files.empty());
  }
  if (const auto key = certificate::parse_public_pem(text))
    FUZZ_REQUIRE(*certificate::parse_public_pem(certificate::to_pem(*key)) == *key);
}

WAAG_FUZZ_TARGET
