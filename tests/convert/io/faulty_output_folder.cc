#include "tests/convert/io/faulty_output_folder.h"

#include <algorithm>

namespace waag::convert::testing {
namespace {

class FaultyOutputFile final : public OutputFile {
 public:
  FaultyOutputFile(FaultyOutputFolder& folder, FaultyOutputFolder::Contents content)
      : folder_(folder), content_(std::move(content)) {}

  Status write_at(std::uint64_t offset_bytes, ByteView bytes) override {
    const auto step = folder_.step();
    // A write that fails may have written half of it.
    const auto count = step ? bytes.size() : bytes.size() / 2;
    if (step || folder_.operations == folder_.fail_at + 1) {
      auto& now = content_->now;
      now.resize(std::max<std::size_t>(now.size(), offset_bytes + count));
      std::ranges::copy(as_text(bytes.first(count)),
                        now.begin() + static_cast<std::ptrdiff_t>(offset_bytes));
    }
    return step;
  }
  Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) override {
    WAAG_CHECK(folder_.step());
    if (offset_bytes + out.size() > content_->now.size())
      return fail(Errc::unavailable, "read past the end");
    std::ranges::copy(as_bytes(content_->now).subspan(offset_bytes, out.size()), out.begin());
    return ok();
  }
  Result<std::uint64_t> size() override {
    WAAG_CHECK(folder_.step());
    return std::uint64_t{content_->now.size()};
  }
  Status truncate(std::uint64_t size_bytes) override {
    WAAG_CHECK(folder_.step());
    content_->now.resize(size_bytes);
    return ok();
  }
  Status sync() override {
    WAAG_CHECK(folder_.step());
    content_->durable = content_->now;
    return ok();
  }

 private:
  FaultyOutputFolder& folder_;
  FaultyOutputFolder::Contents content_;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> FaultyOutputFolder::open(const std::string& name) {
  WAAG_CHECK(step());
  auto& content = files[name];
  if (content == nullptr) content = std::make_shared<Content>();
  return std::unique_ptr<OutputFile>(std::make_unique<FaultyOutputFile>(*this, content));
}

Status FaultyOutputFolder::rename(const std::string& from, const std::string& to) {
  WAAG_CHECK(step());
  const auto found = files.find(from);
  if (found == files.end()) return fail(Errc::unavailable, "rename of what is not there");
  auto content = found->second;
  files.erase(found);
  files[to] = std::move(content);
  return ok();
}

Status FaultyOutputFolder::remove(const std::string& name) {
  WAAG_CHECK(step());
  files.erase(name);
  return ok();
}

Status FaultyOutputFolder::step() {
  if (operations++ >= fail_at) return fail(code, "the disk failed");
  return ok();
}

void FaultyOutputFolder::lose_power() {
  restart();
  for (auto& [name, content] : files) content->now = content->durable;
}

}  // namespace waag::convert::testing
