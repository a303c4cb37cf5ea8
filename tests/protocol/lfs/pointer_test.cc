#include "protocol/lfs/pointer.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::lfs;

namespace {

const std::string oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
const std::string canonical =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n";

}  // namespace

TEST_CASE("pointer: the canonical form and back", "[protocol][lfs]") {
  const LfsPointer pointer{*BlobId::parse(oid), 12345};
  CHECK(serialize_pointer(pointer) == canonical);
  CHECK(*parse_pointer(as_bytes(canonical)) == pointer);
  CHECK(pointer_bytes(12345) == canonical.size());
  CHECK(pointer_bytes(0) == canonical.size() - 4);
  CHECK(pointer_bytes(9'223'372'036'854'775'807) == canonical.size() + 14);
}

TEST_CASE("pointer: what else is one", "[protocol][lfs]") {
  const std::string tail = "oid sha256:" + oid + "\nsize 12345\n";
  const auto text =
      GENERATE_COPY(canonical.substr(0, canonical.size() - 1),
                    "version https://hawser.github.com/spec/v1\n" + tail,
                    "version https://git-lfs.github.com/spec/v1\next-0-foo sha256:" + oid +
                        "\next-1-bar sha256:" + oid + "\n" + tail);
  CAPTURE(text);
  const auto pointer = parse_pointer(as_bytes(text));
  REQUIRE(pointer);
  CHECK(pointer->oid.hex() == oid);
  CHECK(pointer->size_bytes == 12345);
}

TEST_CASE("pointer: what is none", "[protocol][lfs]") {
  const std::string head = "version https://git-lfs.github.com/spec/v1\n";
  const std::string oid_line = "oid sha256:" + oid + "\n";
  const auto text = GENERATE_COPY(
      std::string(), head, head + oid_line, head + "size 1\n" + oid_line, oid_line + "size 1\n",
      "version https://example.org/v1\n" + oid_line + "size 1\n", head + oid_line + "size -1\n",
      head + oid_line + "size 1x\n", head + oid_line + "size \n", head + oid_line + "size +1\n",
      head + oid_line + "size 9223372036854775808\n", head + oid_line + "size 1\nmore x\n",
      head + oid_line + "size 1\n\n", head + "oid sha1:" + oid + "\nsize 1\n",
      head + "oid sha256:" + oid.substr(1) + "\nsize 1\n",
      head + "oid sha256:4D" + oid.substr(2) + "\nsize 1\n",
      head + "ext-0-foo\n" + oid_line + "size 1\n", head + "ext-0-foo sha256:x", " " + canonical,
      canonical + std::string(1024, ' '));
  CAPTURE(text);
  const auto pointer = parse_pointer(as_bytes(text));
  REQUIRE_FALSE(pointer);
  CHECK(pointer.error().code == Errc::unprocessable);
}

TEST_CASE("pointer: cut or changed anywhere", "[protocol][lfs]") {
  for (std::size_t size = 0; size + 2 < canonical.size(); ++size) {
    const auto cut = parse_pointer(as_bytes(canonical).first(size));
    if (cut) CHECK(cut->size_bytes != 12345);  // only digits of the size are gone
  }
  for (std::size_t i = 0; i < canonical.size(); ++i) {
    std::string changed = canonical;
    changed[i] = '\xFF';
    CAPTURE(i);
    CHECK_FALSE(parse_pointer(as_bytes(changed)));
  }
}
