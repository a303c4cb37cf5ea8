#include "cli/import/uploader.h"

#include <algorithm>
#include <fstream>
#include <ostream>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/print.h"
#include "protocol/base64.h"

namespace waag::cli {
namespace {

namespace json = boost::json;

/// Of one call, as other clients do.
constexpr std::size_t page_files = 250;
constexpr std::size_t sample_bytes = 512;
/// Of one commit: regular files are in it, so this is what is held in memory.
constexpr std::size_t commit_bytes_max = 16u << 20;
constexpr std::size_t commit_files_max = 1'000;
/// The hub's own limit for regular files; a larger one would be refused after it was read.
constexpr std::uint64_t regular_bytes_max = 10'000'000;

/// At most `bytes` from the front.
Result<std::string> read_front(const std::filesystem::path& path, std::size_t bytes) {
  std::ifstream in(path, std::ios::binary);
  std::string text(bytes, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(bytes)) && !in.eof())
    return fail(Errc::unavailable, "cannot read " + path.string());
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string line_of(std::string_view key, json::object value) {
  return json::serialize(json::object{{"key", key}, {"value", std::move(value)}}) + "\n";
}

const json::value* member(const json::value& of, std::string_view key) {
  return of.is_object() ? of.get_object().if_contains(key) : nullptr;
}

/// "/datasets/acme/rows"
std::string web_path(const RepoName& repo) {
  const std::string prefix = repo.type == "model" ? "" : "/" + std::string(plural(repo.type));
  return prefix + "/" + encode_segment(repo.ns) + "/" + encode_segment(repo.name);
}

}  // namespace

Uploader::Problem Uploader::problem(const Hub::Failure& failure) {
  return {failure.text, failure.status == 0 ? exit_unreachable : exit_refused};
}

Uploader::Problem Uploader::problem(const Error& error) { return {error.what, exit_refused}; }

std::optional<Uploader::Problem> Uploader::upload(const Source& source) {
  outcome_ = {};
  planned_.clear();
  outcome_.files = source.files.size();
  // Before the hub is asked for anything: a damaged file spoils the whole repo.
  for (const auto& file : source.files)
    if (const auto whole = verify_file(file); !whole) return problem(whole.error());
  if (auto failed = create()) return failed;
  if (auto failed = plan(source)) return failed;
  if (auto failed = send_large_files()) return failed;
  return commit_all(source);
}

Uploader::Maybe Uploader::create() {
  json::object body{{"type", repo_.type}, {"organization", repo_.ns}, {"name", repo_.name}};
  body["visibility"] = private_ ? "private" : "public";
  if (repo_.type == "space") body["sdk"] = "static";
  const auto answer = context_.hub.call("POST", "/api/repos/create", body);
  if (!answer.failure || answer.failure->status == 409) return std::nullopt;
  return problem(*answer.failure);
}

// --- what is to be sent, and how ---

Uploader::Maybe Uploader::plan(const Source& source) {
  std::vector<const SourceFile*> page;
  for (const auto& file : source.files) {
    page.push_back(&file);
    if (page.size() < page_files) continue;
    if (auto failed = plan_page(page)) return failed;
    page.clear();
  }
  return page.empty() ? std::nullopt : plan_page(page);
}

Uploader::Maybe Uploader::plan_page(const std::vector<const SourceFile*>& files) {
  json::array asked;
  for (const auto* file : files) {
    const auto sample = read_front(file->from, sample_bytes);
    if (!sample) return problem(sample.error());
    asked.push_back(json::object{
        {"path", file->path}, {"sample", encode_base64(*sample)}, {"size", file->size_bytes}});
  }
  const auto answer = context_.hub.call("POST", api_path(repo_) + "/preupload/main",
                                        json::object{{"files", std::move(asked)}});
  if (answer.failure) return problem(*answer.failure);
  const auto* rows = member(answer.json, "files");
  if (rows == nullptr || !rows->is_array() || rows->get_array().size() != files.size())
    return Problem{"the hub's plan of the upload is no plan", exit_refused};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (field_text(rows->get_array()[i], "path") != files[i]->path)
      return Problem{"the hub's plan of the upload is of other files", exit_refused};
    if (auto failed = take_row(*files[i], rows->get_array()[i])) return failed;
  }
  return std::nullopt;
}

/// What is there already with these bytes needs nothing.
Uploader::Maybe Uploader::take_row(const SourceFile& file, const json::value& row) {
  const auto present = field_text(row, "oid");
  Planned planned{&file, field_text(row, "uploadMode") == "lfs", {}};
  if (planned.lfs) {
    const auto oid = sha256_of(file.from);
    if (!oid) return problem(oid.error());
    planned.oid = *oid;
    if (present == oid->hex()) return std::nullopt;
  } else {
    if (file.size_bytes > regular_bytes_max)
      return Problem{file.path + " is too large for a regular file", exit_refused};
    const auto oid = git_blob_of(file.from, file.size_bytes);
    if (!oid) return problem(oid.error());
    if (present == oid->hex()) return std::nullopt;
  }
  planned_.push_back(planned);
  return std::nullopt;
}

// --- bytes ---

Uploader::Maybe Uploader::send_large_files() {
  for (const auto& file : planned_) {
    if (!file.lfs) continue;
    if (!context_.json)
      context_.world.out << printable(file.file->path) << "  " << human_bytes(file.file->size_bytes)
                         << '\n'
                         << std::flush;
    if (auto failed = send_large_file(file)) return failed;
  }
  return std::nullopt;
}

Uploader::Maybe Uploader::send_large_file(const Planned& file) {
  const json::object object{{"oid", file.oid.hex()}, {"size", file.file->size_bytes}};
  const json::object body{{"operation", "upload"},
                          {"transfers", json::array{"basic"}},
                          {"objects", json::array{object}},
                          {"hash_algo", "sha256"}};
  const auto answer = context_.hub.send("POST", web_path(repo_) + ".git/info/lfs/objects/batch",
                                        json::serialize(body), "application/vnd.git-lfs+json");
  if (answer.failure) return problem(*answer.failure);
  const auto* objects = member(answer.json, "objects");
  if (objects == nullptr || !objects->is_array() || objects->get_array().size() != 1)
    return Problem{"the hub's answer of the batch call is none", exit_refused};
  const auto& told = objects->get_array()[0];
  if (const auto* error = member(told, "error"))
    return Problem{file.file->path + ": " + field_text(*error, "message"), exit_refused};
  const auto* actions = member(told, "actions");
  const auto* action = actions == nullptr ? nullptr : member(*actions, "upload");
  if (action == nullptr) return std::nullopt;  // the hub has the bytes
  std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Type", "application/octet-stream"}};
  if (const auto* more = member(*action, "header"); more != nullptr && more->is_object())
    for (const auto& [name, value] : more->get_object())
      headers.emplace_back(name, field_text(*more, name));
  const auto failed = context_.hub.put_file(field_text(*action, "href"), file.file->from.string(),
                                            std::move(headers));
  if (failed) return problem(*failed);
  return std::nullopt;
}

// --- commits ---

Uploader::Maybe Uploader::commit_all(const Source& source) {
  const auto summary =
      source.commit.empty() ? std::string("Import files") : "Import revision " + source.commit;
  std::string lines;
  std::size_t files = 0;
  for (const auto& one : planned_) {
    json::object value{{"path", one.file->path}};
    if (one.lfs) {
      value["algo"] = "sha256";
      value["oid"] = one.oid.hex();
      value["size"] = one.file->size_bytes;
    } else {
      const auto content = read_front(one.file->from, one.file->size_bytes);
      if (!content) return problem(content.error());
      value["encoding"] = "base64";  // before the content, which is then read as it comes
      value["content"] = encode_base64(*content);
    }
    auto line = line_of(one.lfs ? "lfsFile" : "file", std::move(value));
    if (files > 0 && (lines.size() + line.size() > commit_bytes_max || files >= commit_files_max)) {
      if (auto failed = commit(std::exchange(lines, {}), summary)) return failed;
      files = 0;
    }
    lines += line;
    ++files;
    ++outcome_.uploaded;
    outcome_.bytes += one.file->size_bytes;
  }
  return files == 0 ? std::nullopt : commit(lines, summary);
}

Uploader::Maybe Uploader::commit(const std::string& lines, const std::string& summary) {
  const auto header = line_of("header", {{"summary", summary}, {"description", ""}});
  const auto answer = context_.hub.send("POST", api_path(repo_) + "/commit/main", header + lines,
                                        "application/x-ndjson");
  if (answer.failure) return problem(*answer.failure);
  ++outcome_.commits;
  return std::nullopt;
}

}  // namespace waag::cli
