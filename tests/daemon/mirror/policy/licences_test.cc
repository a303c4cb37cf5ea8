#include "daemon/mirror/policy/licences.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

TEST_CASE("licences: the class of an id", "[daemon][mirror][policy]") {
  CHECK(licence_class("apache-2.0") == LicenceClass::open);
  CHECK(licence_class("MIT") == LicenceClass::open);
  CHECK(licence_class("gemma") == LicenceClass::conditional);
  CHECK(licence_class("llama3.1") == LicenceClass::conditional);
  CHECK(licence_class("cc-by-nc-4.0") == LicenceClass::restricted);
  CHECK(licence_class("acme-secret") == LicenceClass::unknown);
  CHECK(licence_class("other") == LicenceClass::unknown);
  for (const auto one : {LicenceClass::open, LicenceClass::conditional, LicenceClass::restricted,
                         LicenceClass::unknown})
    CHECK(parse_licence_class(to_string(one)) == one);
  CHECK_FALSE(parse_licence_class("free"));
}

TEST_CASE("licences: what a card names", "[daemon][mirror][policy]") {
  using Texts = std::vector<std::string>;
  CHECK(card_licences("---\nlicense: Apache-2.0\n---\n# Tiny") == Texts{"apache-2.0"});
  CHECK(card_licences("---\nlicense:\n- mit\n- cc-by-4.0\n---\n") == Texts{"mit", "cc-by-4.0"});
  CHECK(card_licences("---\nlicense: other\nlicense_name: Acme-1\n---\n") == Texts{"acme-1"});
  CHECK(card_licences("---\nlicense: other\n---\n").empty());
  CHECK(card_licences("---\ntags: [a]\n---\n").empty());
  CHECK(card_licences("---\nlicense: [\n---\n").empty());
  CHECK(card_licences("license: mit").empty());
  CHECK(card_licences("").empty());
}
