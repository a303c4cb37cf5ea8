#include "storage/meta/mirror/mirror_rows.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {

TEST_CASE("mirror_rows: what is encoded is decoded, and nothing else", "[storage][mirror_rows]") {
  const MirrorRow mirror{"https://hub.example", "Qwen/Tiny", TimeMs(5), TimeMs(7), TimeMs(9), true};
  CHECK(*decode_mirror(encode(mirror)) == mirror);
  testing::check_strict(encode(mirror), decode_mirror);
  ClaimedCommit claim{{}, TimeMs(1'700'000'000'000), "ann", "add weights"};
  claim.tree.bytes.fill(std::byte{7});
  CHECK(*decode_claimed_commit(encode(claim)) == claim);
  testing::check_strict(encode(claim), decode_claimed_commit);
}

}  // namespace waag::storage
