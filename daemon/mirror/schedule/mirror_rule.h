#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/ids.h"
#include "storage/meta/row_codec.h"

namespace waag::daemon {

/// What is brought here again and again, and when.
struct MirrorRule {
  std::string name;
  RepoType type{RepoType::model};
  std::vector<std::string> repos;      // "ns/name", or a namespace with a pattern: "ns/*", "ns/a-*"
  std::vector<std::string> revisions;  // names, or patterns for branches and tags; none: main
  std::vector<std::string> include, exclude;  // FileGlobs
  std::vector<std::string> convert;           // targets: what is made of each new commit
  std::uint64_t every_s = 0;                  // between two runs; 0: by cron
  std::string cron;                           // "" = by every_s; neither: only when asked for
  std::string window;                         // its jobs run in it alone; "" = at any time
  std::uint64_t rate_bytes = 0;               // a second, of all its jobs together; 0: any number
  bool paused = false;
  std::string owner;  // whose jobs these are
  storage::TimeMs created{};
  storage::TimeMs last_run{};  // 0: never
  std::string last_error;      // why the last run submitted less than it should; "" = it did not
  std::vector<std::uint64_t> last_jobs;

  /// A new one from what a client sends. Errc::invalid_argument that says what is wrong
  static Result<MirrorRule> make(const boost::json::object& from);
  /// Takes over the fields that are there, but for the name.
  Status change(const boost::json::object& from);
  /// As it is stored.
  [[nodiscard]] std::string encode() const;
  static Result<MirrorRule> decode(std::string_view text);  // Errc::corrupt
  /// When it runs next; nullopt: not by itself.
  [[nodiscard]] std::optional<storage::TimeMs> next_run() const;
  [[nodiscard]] bool is_due(storage::TimeMs now) const;
  /// Whether its jobs are to bring the repo of that name, if an upstream has one.
  [[nodiscard]] bool covers(const RepoId& repo) const;
  [[nodiscard]] boost::json::object to_json() const;

 private:
  Status read(const boost::json::object& from);
  [[nodiscard]] Status check() const;
  [[nodiscard]] Status check_conversion() const;
};

/// A list of texts as JSON.
boost::json::array json_array(const std::vector<std::string>& texts);

/// "6h", "30m", "1d" or seconds. Errc::invalid_argument
Result<std::uint64_t> parse_interval(std::string_view text);

/// "20M", "500K", "1G" (millions, thousands, thousand millions) or bytes, a second.
/// Errc::invalid_argument
Result<std::uint64_t> parse_rate(std::string_view text);

}  // namespace waag::daemon
