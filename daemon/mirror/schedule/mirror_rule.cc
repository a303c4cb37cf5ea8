#include "daemon/mirror/schedule/mirror_rule.h"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/convert/convert_spec.h"
#include "daemon/mirror/schedule/cron.h"
#include "daemon/mirror/schedule/time_window.h"
#include "daemon/mirror/sync/mirror_spec.h"
#include "protocol/hub/glob.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;
using storage::TimeMs;

constexpr std::size_t name_bytes_max = 64;
/// An upstream is not asked more often for everything.
constexpr std::uint64_t every_s_min = 60;
constexpr std::chrono::minutes again_after{10};
constexpr std::uint64_t every_s_max = 366ull * 24 * 3600;
/// Servers take less for a client that is gone.
constexpr std::uint64_t rate_bytes_min = 10'000;
constexpr std::uint64_t rate_bytes_max = 1'000'000'000'000;

Error bad(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, good);
}

bool has_glob(std::string_view text) { return text.find_first_of("*?[") != text.npos; }

/// The namespace is always a name: nobody mirrors all that there is by mistake.
Status check_repo(RepoType type, std::string_view text) {
  const auto slash = text.find('/');
  const auto ns = text.substr(0, slash);
  const auto name = slash == text.npos ? std::string_view() : text.substr(slash + 1);
  const bool pattern = has_glob(name);
  const auto probe = pattern ? std::string_view("x") : name;
  if (!has_glob(ns) && RepoId::make(type, ns, probe) && name.find('/') == name.npos) return ok();
  return bad("\"repos\": \"" + std::string(text) +
             "\" is neither namespace/name nor namespace/pattern");
}

std::uint64_t uint_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr) return 0;
  boost::system::error_code wrong;
  const auto number = value->to_number<std::uint64_t>(wrong);
  return wrong ? 0 : number;
}

/// A number, or a text that `parse` reads; 0 if it is empty or absent.
Result<std::uint64_t> number_field(const json::object& from, std::string_view key,
                                   Result<std::uint64_t> (*parse)(std::string_view),
                                   std::string_view wanted) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || value->is_null()) return std::uint64_t{0};
  if (const auto* text = value->if_string(); text != nullptr)
    return text->empty() ? Result<std::uint64_t>(std::uint64_t{0}) : parse(*text);
  boost::system::error_code wrong;
  const auto number = value->to_number<std::uint64_t>(wrong);
  if (wrong) return bad('"' + std::string(key) + "\" must be " + std::string(wanted));
  return number;
}

void put_text(json::object& into, std::string_view key, const std::string& text) {
  if (!text.empty()) into[key] = text;
}

}  // namespace

json::array json_array(const std::vector<std::string>& texts) {
  json::array made;
  for (const auto& text : texts) made.emplace_back(text);
  return made;
}

Result<std::uint64_t> parse_interval(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (error == std::errc{} && value <= every_s_max) {
    if (unit.empty() || unit == "s") return value;
    if (unit == "m") return value * 60;
    if (unit == "h") return value * 3600;
    if (unit == "d") return value * 24 * 3600;
  }
  return bad("\"" + std::string(text) + "\" is no interval like 30m, 6h or 1d");
}

Result<std::uint64_t> parse_rate(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (error == std::errc{} && value <= rate_bytes_max) {
    if (unit.empty()) return value;
    if (unit == "K" || unit == "k") return value * 1'000;
    if (unit == "M") return value * 1'000'000;
    if (unit == "G") return value * 1'000'000'000;
  }
  return bad("\"" + std::string(text) + "\" is no rate like 500K, 20M or 1G");
}

Result<MirrorRule> MirrorRule::make(const json::object& from) {
  MirrorRule rule;
  WAAG_TRY(const auto name, text_field(from, "name"));
  if (!name || !is_name(*name))
    return bad("\"name\" must be at most 64 letters, digits, '-', '_' and '.'");
  rule.name = *name;
  WAAG_CHECK(rule.read(from));
  WAAG_CHECK(rule.check());
  return rule;
}

Status MirrorRule::change(const json::object& from) {
  auto changed = *this;
  WAAG_CHECK(changed.read(from));
  WAAG_CHECK(changed.check());
  *this = std::move(changed);
  return ok();
}

Status MirrorRule::read(const json::object& from) {
  if (from.contains("type")) {
    WAAG_TRY(const auto text, text_field(from, "type"));
    const auto parsed = parse_repo_type(text.value_or("model"));
    if (!parsed) return bad("\"type\" must be model, dataset or space");
    type = *parsed;
  }
  for (const auto& [key, list] : {std::pair("repos", &repos), std::pair("revisions", &revisions),
                                  std::pair("include", &include), std::pair("exclude", &exclude),
                                  std::pair("convert", &convert)}) {
    if (!from.contains(key)) continue;
    WAAG_TRY(*list, texts_field(from, key));
  }
  // One takes the other's place.
  if (from.contains("every")) {
    WAAG_TRY(every_s, number_field(from, "every", parse_interval, "seconds, or a text like 6h"));
    if (every_s != 0 && !from.contains("cron")) cron.clear();
  }
  if (from.contains("cron")) {
    WAAG_TRY(const auto text, text_field(from, "cron"));
    cron = text.value_or("");
    if (!cron.empty() && !from.contains("every")) every_s = 0;
  }
  if (from.contains("window")) {
    WAAG_TRY(const auto text, text_field(from, "window"));
    window = text.value_or("");
  }
  if (from.contains("rate")) {
    WAAG_TRY(rate_bytes,
             number_field(from, "rate", parse_rate, "bytes a second, or a text like 20M"));
  }
  WAAG_TRY(const auto pause, bool_field(from, "paused"));
  if (pause) paused = *pause;
  return ok();
}

Status MirrorRule::check() const {
  if (repos.empty()) return bad("\"repos\" is missing: which repos are to be mirrored?");
  for (const auto& repo : repos) WAAG_CHECK(check_repo(type, repo));
  WAAG_CHECK(check_conversion());
  if (every_s != 0 && !cron.empty()) return bad("either \"every\" or \"cron\", not both");
  if (every_s != 0 && (every_s < every_s_min || every_s > every_s_max))
    return bad("\"every\" must be a minute at least and a year at most");
  if (rate_bytes != 0 && (rate_bytes < rate_bytes_min || rate_bytes > rate_bytes_max))
    return bad("\"rate\" must be 10K at least and 1000G at most");
  if (!cron.empty()) {
    WAAG_TRY(const auto parsed, Cron::parse(cron));
    if (!parsed.next(TimeMs{0})) return bad("cron: such a day never comes");
  }
  if (!window.empty()) {
    WAAG_TRY(const auto parsed, TimeWindow::parse(window));
    static_cast<void>(parsed);
  }
  return ok();
}

Status MirrorRule::check_conversion() const {
  if (convert.empty()) return ok();
  if (type != RepoType::model) return bad("\"convert\" is for models");
  WAAG_CHECK(parse_targets(convert));
  return ok();
}

json::object MirrorRule::to_json() const {
  json::object made{{"name", name}, {"type", to_string(type)}, {"repos", json_array(repos)}};
  made["revisions"] = json_array(revisions);
  if (!include.empty()) made["include"] = json_array(include);
  if (!exclude.empty()) made["exclude"] = json_array(exclude);
  if (!convert.empty()) made["convert"] = json_array(convert);
  if (every_s != 0) made["every"] = every_s;
  put_text(made, "cron", cron);
  put_text(made, "window", window);
  if (rate_bytes != 0) made["rate"] = rate_bytes;
  made["paused"] = paused;
  put_text(made, "owner", owner);
  return made;
}

std::string MirrorRule::encode() const {
  auto made = to_json();
  made["created"] = created.count();
  made["last_run"] = last_run.count();
  put_text(made, "last_error", last_error);
  json::array jobs;
  for (const auto id : last_jobs) jobs.emplace_back(id);
  made["last_jobs"] = std::move(jobs);
  return json::serialize(made);
}

Result<MirrorRule> MirrorRule::decode(std::string_view text) {
  boost::system::error_code wrong;
  const auto value = json::parse(text, wrong);
  if (wrong || !value.is_object()) return fail(Errc::corrupt, "not the row of a mirror");
  const auto& from = value.get_object();
  auto rule = make(from);
  if (!rule) return fail(Errc::corrupt, "the row of a mirror: " + rule.error().what);
  WAAG_TRY(const auto owner, text_field(from, "owner"));
  WAAG_TRY(const auto error, text_field(from, "last_error"));
  rule->owner = owner.value_or("");
  rule->last_error = error.value_or("");
  rule->created = TimeMs(static_cast<TimeMs::rep>(uint_of(from, "created")));
  rule->last_run = TimeMs(static_cast<TimeMs::rep>(uint_of(from, "last_run")));
  if (const auto* jobs = from.if_contains("last_jobs"); jobs != nullptr && jobs->is_array())
    for (const auto& one : jobs->get_array())
      if (one.is_number()) rule->last_jobs.push_back(one.to_number<std::uint64_t>());
  return rule;
}

/// After a run that could not find out everything the next one comes soon.
std::optional<TimeMs> MirrorRule::next_run() const {
  if (paused) return std::nullopt;
  std::optional<TimeMs> next;
  if (every_s != 0) {
    next = last_run.count() == 0 ? created : last_run + std::chrono::seconds(every_s);
  } else if (!cron.empty()) {
    const auto parsed = Cron::parse(cron);
    if (parsed) next = parsed->next(std::max(last_run, created));
  }
  if (!next || last_error.empty()) return next;
  return std::min(*next, last_run + again_after);
}

bool MirrorRule::covers(const RepoId& repo) const {
  const auto fits = [&repo](const std::string& text) {
    return hub::Glob(text, hub::Glob::Scope::path).matches(repo.full_name());
  };
  return type == repo.type && std::ranges::any_of(repos, fits);
}

bool MirrorRule::is_due(TimeMs now) const {
  const auto next = next_run();
  if (!next || *next > now) return false;
  if (window.empty()) return true;
  const auto parsed = TimeWindow::parse(window);
  return parsed && parsed->contains(now);
}

}  // namespace waag::daemon
