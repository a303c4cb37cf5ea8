#include "daemon/catalog/downloads.h"

#include <algorithm>
#include <array>
#include <utility>

namespace waag::daemon {
namespace {

constexpr std::array query_names{
    "config.json", "config.yaml",         "hyperparams.yaml", "params.json",
    "meta.yaml",   "adapter_config.json", "model_index.json", "open_clip_config.json",
    "model.nemo",  "mlx_config.json"};

/// Of a model in parts only the first one counts: "x-00002-of-00003.gguf" does not.
bool is_later_part(std::string_view path) {
  constexpr std::string_view middle = "-of-";
  const auto at = path.rfind(middle);
  if (at == std::string_view::npos || at < 5) return false;
  const auto number = path.substr(at - 5, 5);
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; }) &&
         number != "00001";
}

std::size_t visit_key(std::uint64_t uid, std::string_view caller) {
  return std::hash<std::string>{}(std::to_string(uid) + "/" + std::string(caller));
}

}  // namespace

bool is_query_file(std::string_view path) {
  if (path.ends_with(".gguf")) return !is_later_part(path);
  return std::ranges::any_of(query_names, [path](std::string_view name) { return name == path; });
}

std::uint64_t Downloads::today() const {
  const auto now = std::max(clock_.now(), storage::TimeMs{});
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::days>(now).count());
}

void Downloads::load(std::uint64_t uid) {
  {
    const std::lock_guard lock(mutex_);
    if (rows_.contains(uid)) return;
  }
  Kept kept;
  const auto value = store_.downloads().find(uid);
  if (value && *value) {
    // A row that cannot be read is none: counts begin anew.
    if (auto row = storage::decode_downloads(**value)) kept.row = *std::move(row);
  }
  const std::lock_guard lock(mutex_);
  rows_.emplace(uid, std::move(kept));
}

Downloads::Counts Downloads::of(std::uint64_t uid) {
  load(uid);
  const auto day = today();
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(uid);
  if (found == rows_.end()) return {};
  return {found->second.row.recent(day), found->second.row.all_time};
}

bool Downloads::is_new_visit(std::uint64_t uid, std::string_view caller) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (visits_.size() >= visits_max)
    std::erase_if(visits_, [now](const auto& visit) { return visit.second + one_visit <= now; });
  if (visits_.size() >= visits_max) visits_.clear();
  const auto [visit, is_first] = visits_.try_emplace(visit_key(uid, caller), now);
  if (!is_first && visit->second + one_visit > now) return false;
  visit->second = now;
  return true;
}

void Downloads::count(std::uint64_t uid) {
  load(uid);
  const auto day = today();
  const auto now = clock_.now();
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    auto& kept = rows_[uid];
    kept.row.add(day, 1);
    kept.unwritten = true;
    if (!kept.changed) changed_.push_back(uid);
    kept.changed = true;
    due = now - flushed_ >= flush_every || now < flushed_;
    if (due) flushed_ = now;
  }
  // A full disk must not fail a download: the counts stay in memory and are tried again.
  if (due) static_cast<void>(flush());
}

void Downloads::served(const storage::RepoRow& repo, std::string_view path,
                       std::string_view caller) {
  switch (repo.id.type) {
    case RepoType::model:
      if (is_query_file(path)) count(repo.uid);
      return;
    case RepoType::dataset:
      if (is_new_visit(repo.uid, caller)) count(repo.uid);
      return;
    case RepoType::space:
      return;
  }
}

Status Downloads::flush() {
  storage::SoftTable::Values values;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [uid, kept] : rows_) {
      if (!kept.unwritten) continue;
      values.emplace_back(uid, storage::encode(kept.row));
      kept.unwritten = false;
    }
  }
  if (values.empty()) return ok();
  auto written = store_.downloads().put(values);
  if (written) return written;
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, value] : values)
    if (const auto found = rows_.find(uid); found != rows_.end()) found->second.unwritten = true;
  return written;
}

std::vector<std::uint64_t> Downloads::take_changed() {
  const std::lock_guard lock(mutex_);
  for (const auto uid : changed_)
    if (const auto found = rows_.find(uid); found != rows_.end()) found->second.changed = false;
  return std::exchange(changed_, {});
}

void Downloads::forget(std::uint64_t uid) {
  const std::lock_guard lock(mutex_);
  rows_.erase(uid);
}

}  // namespace waag::daemon
