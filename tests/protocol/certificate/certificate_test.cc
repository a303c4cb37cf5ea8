#include "protocol/certificate/certificate.h"

#include <catch2/catch.hpp>

#include "tests/protocol/certificate/sample.h"

using namespace waag;
using namespace waag::certificate;
using waag::certificate::testing::sample_certificate;

TEST_CASE("certificate: the text that it is", "[protocol][certificate]") {
  auto of = sample_certificate();
  const auto text = text_of(of);
  CHECK(text.substr(0, 180) ==
        "{\n"
        "  \"schema\": \"waag-certificate-1\",\n"
        "  \"source\": {\n"
        "    \"repo\": \"ada/tiny\",\n"
        "    \"commit\": \"0123456789abcdef0123456789abcdef01234567\",\n"
        "    \"files\": [\n"
        "      {\"path\": \"config.json\", \"sh");
  CHECK_THAT(text, Catch::Contains("\n    {\"name\": \"output_norm.weight\", \"type\": \"F32\", "
                                   "\"shape\": [896], \"sqnr_db\": null, \"rel_rmse\": 0.0, "
                                   "\"max_error\": 0.0, \"sha256\": \"666"));
  CHECK_THAT(text, Catch::Contains("\n    \"blocks\": [0.01, 0.02, 0.04]\n  },\n"));
  CHECK_THAT(text,
             Catch::Contains("\n    \"reasons\": [\n      \"kld_mean 0.048 > 0.04\"\n    ]\n"));
  CHECK_THAT(text, Catch::EndsWith("  \"time\": \"2026-11-27T11:00:00.000Z\",\n"
                                   "  \"hub\": {\n    \"key\": \"ed25519:" +
                                   std::string(64, '9') + "\"\n  }\n}\n"));
  of.reasons.clear();
  of.imatrix.reset();
  CHECK_THAT(text_of(of), Catch::Contains("\n    \"reasons\": []\n"));
  CHECK_THAT(text_of(of), Catch::Contains("\n    \"imatrix\": null\n"));
}

TEST_CASE("certificate: where it lies", "[protocol][certificate]") {
  CHECK(path_of("gguf:Q4_K_M") == "certificates/Q4_K_M.json");
  CHECK(path_of("safetensors:fp8-dynamic") == "certificates/fp8-dynamic.json");
  CHECK(signature_path_of(path_of("gguf:F16")) == "certificates/F16.json.sig");
}
