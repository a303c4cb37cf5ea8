#include "storage/repo/reserve.h"

namespace waag::storage {
namespace {

/// Bytes between two looks at the disk: far below any sane reserve, far above a statvfs's cost.
constexpr std::uint64_t check_every_bytes = 64u << 20;

class GuardedIngest final : public Ingest {
 public:
  GuardedIngest(const Reserve& reserve, std::unique_ptr<Ingest> inner)
      : reserve_(reserve), inner_(std::move(inner)) {}

  Status write(ByteView bytes) override {
    unchecked_bytes_ += bytes.size();
    if (unchecked_bytes_ >= check_every_bytes) {
      WAAG_CHECK(reserve_.check());
      unchecked_bytes_ = 0;
    }
    return inner_->write(bytes);
  }

  Result<IngestedBlob> finish(const IngestExpect& expect, Transaction extra) override {
    return inner_->finish(expect, std::move(extra));
  }

 private:
  const Reserve& reserve_;
  std::unique_ptr<Ingest> inner_;
  std::uint64_t unchecked_bytes_ = 0;
};

}  // namespace

Status Reserve::check() const {
  WAAG_TRY(const auto free, free_bytes());
  if (free < bytes_)
    return fail(Errc::no_space,
                std::to_string(free) + " bytes free, the reserve is " + std::to_string(bytes_));
  return ok();
}

std::unique_ptr<Ingest> guard_ingest(const Reserve& reserve, std::unique_ptr<Ingest> inner) {
  return std::make_unique<GuardedIngest>(reserve, std::move(inner));
}

}  // namespace waag::storage
