#include "daemon/api/git/refs.h"

#include <algorithm>

#include "protocol/git/pkt_line.h"

namespace waag::daemon {
namespace {

constexpr std::string_view head_branch = "refs/heads/main";
constexpr std::string_view pulls = "refs/pr/";

GitRef git_ref(const storage::Ref& ref) {
  GitRef shown{ref.name, git::to_git_id(ref.row.target), std::nullopt, ""};
  if (!ref.row.tag_object.is_zero()) {
    shown.peeled = shown.id;
    shown.id = ref.row.tag_object;
  }
  return shown;
}

/// HEAD first, then all refs in the order of their names.
Result<std::vector<GitRef>> all_refs(storage::Store& store, std::uint64_t uid) {
  WAAG_TRY(const auto refs, store.list_refs(uid));
  std::vector<GitRef> shown;
  for (const auto& ref : refs)
    if (ref.name == head_branch)
      shown.push_back({"HEAD", git::to_git_id(ref.row.target), std::nullopt, ref.name});
  for (const auto& ref : refs) shown.push_back(git_ref(ref));
  return shown;
}

bool is_wanted(const GitRef& ref, const std::vector<std::string>& prefixes) {
  const bool pull = ref.name.starts_with(pulls);
  if (prefixes.empty()) return !pull;
  return std::ranges::any_of(prefixes, [&](const std::string& prefix) {
    return ref.name.starts_with(prefix) && (!pull || prefix.starts_with(pulls));
  });
}

}  // namespace

Result<std::vector<GitRef>> refs_for_fetch(storage::Store& store, std::uint64_t repo_uid) {
  WAAG_TRY(auto refs, all_refs(store, repo_uid));
  std::erase_if(refs, [](const GitRef& ref) { return ref.name.starts_with(pulls); });
  return refs;
}

Result<std::vector<GitRef>> refs_for_push(storage::Store& store, std::uint64_t repo_uid) {
  WAAG_TRY(auto refs, all_refs(store, repo_uid));
  std::erase_if(refs, [](const GitRef& ref) { return !ref.symref.empty(); });
  for (auto& ref : refs) ref.peeled.reset();
  return refs;
}

void append_advertisement(std::string& text, const std::vector<GitRef>& refs,
                          std::string_view capabilities) {
  auto tail = '\0' + std::string(capabilities);
  if (refs.empty()) git::append_pkt(text, GitId{}.hex() + " capabilities^{}" + tail + "\n");
  for (const auto& ref : refs) {
    git::append_pkt(text, ref.id.hex() + " " + ref.name + tail + "\n");
    tail.clear();
    if (ref.peeled) git::append_pkt(text, ref.peeled->hex() + " " + ref.name + "^{}\n");
  }
  text += git::pkt_flush;
}

std::string fetch_advertisement(const std::vector<GitRef>& refs, std::string_view capabilities) {
  std::string text;
  git::append_pkt(text, "# service=git-upload-pack\n");
  text += git::pkt_flush;
  append_advertisement(text, refs, capabilities);
  return text;
}

Result<std::string> list_refs_v2(storage::Store& store, std::uint64_t repo_uid,
                                 const git::RefsRequest& request) {
  WAAG_TRY(const auto refs, all_refs(store, repo_uid));
  std::string text;
  for (const auto& ref : refs) {
    if (!is_wanted(ref, request.prefixes)) continue;
    auto line = ref.id.hex() + " " + ref.name;
    if (request.symrefs && !ref.symref.empty()) line += " symref-target:" + ref.symref;
    if (request.peel && ref.peeled) line += " peeled:" + ref.peeled->hex();
    git::append_pkt(text, line + "\n");
  }
  text += git::pkt_flush;
  return text;
}

}  // namespace waag::daemon
