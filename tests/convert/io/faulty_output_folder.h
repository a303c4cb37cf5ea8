#pragma once

#include <map>
#include <memory>
#include <string>

#include "convert/io/output_folder.h"

namespace waag::convert::testing {

/// An output folder in memory that fails when it is told to, and forgets what was not made durable
/// when the power goes.
class FaultyOutputFolder final : public OutputFolder {
 public:
  struct Content {
    std::string now;      // what a reader sees
    std::string durable;  // what is left after a loss of power
  };
  using Contents = std::shared_ptr<Content>;

  Result<std::unique_ptr<OutputFile>> open(const std::string& name) override;
  [[nodiscard]] bool exists(const std::string& name) const override { return files.contains(name); }
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& name) override;

  /// Counts an operation; an error if its turn to fail has come. All that follow fail, too.
  Status step();
  /// The process is gone, and what it had written is not; nothing fails any more.
  void restart() { fail_at = never; }
  /// The same, and everything not synced is lost.
  void lose_power();

  static constexpr std::uint64_t never = ~std::uint64_t{0};
  std::map<std::string, Contents> files;
  std::uint64_t operations = 0;
  std::uint64_t fail_at = never;
  Errc code = Errc::unavailable;
};

}  // namespace waag::convert::testing
