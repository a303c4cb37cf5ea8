#include "storage/meta/mirror/mirror_rows.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {

TEST_CASE("mirror_rows: what is encoded is decoded, and nothing else", "[storage][mirror_rows]") {
  MirrorRow mirror{"https://hub.example", "Qwen/Tiny", TimeMs(5), TimeMs(7), TimeMs(9), true};
  mirror.refs_left_out = 300;
  mirror.left_out = {{"refs/heads/a", "it is too large"}, {"refs/tags/b", ""}};
  CHECK(*decode_mirror(encode(mirror)) == mirror);
  testing::check_strict(encode(mirror), decode_mirror);
  ClaimedCommit claim{{}, TimeMs(1'700'000'000'000), "ann", "add weights"};
  claim.tree.bytes.fill(std::byte{7});
  CHECK(*decode_claimed_commit(encode(claim)) == claim);
  testing::check_strict(encode(claim), decode_claimed_commit);
}

TEST_CASE("mirror_rows: what is left out", "[storage][mirror_rows]") {
  const MirrorRow plain{"https://hub.example", "Qwen/Tiny", TimeMs(5), TimeMs(7), TimeMs(9), true};
  auto earlier = encode(plain);
  earlier[0] = 1;
  earlier.resize(earlier.size() - 2);  // version 1 ended before those counts
  CHECK(*decode_mirror(earlier) == plain);
  testing::check_strict(earlier, decode_mirror);
  auto many = plain;
  many.left_out.resize(left_out_refs_max);
  CHECK(*decode_mirror(encode(many)) == many);
  many.left_out.emplace_back();
  CHECK_FALSE(decode_mirror(encode(many)));
}

}  // namespace waag::storage
