#include "protocol/hub/preupload.h"

#include "protocol/base64.h"
#include "protocol/git/path.h"
#include "protocol/hub/json_reader.h"
#include "protocol/hub/json_writer.h"
#include "protocol/hub/path_rules.h"
#include "protocol/utf8.h"

namespace waag::hub {
namespace {

/// Clients send 512 bytes; more is of no use.
constexpr std::size_t sample_bytes_max = 64 * 1024;
/// Steps of pattern matching in one call: some seconds at the very most, milliseconds in practice.
constexpr std::uint64_t match_steps_max = 2'000'000'000;

Result<PreuploadFile> parse_file(const boost::json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Errc::invalid_argument, "file is not an object");
  PreuploadFile file;
  WAAG_TRY(const auto path, json_required_string(*object, "path"));
  WAAG_TRY(file.path, git::check_file_path(path));
  WAAG_TRY(const auto size, json_uint(*object, "size"));
  WAAG_TRY(const auto sample, json_string(*object, "sample"));
  file.size_bytes = size.value_or(0);
  WAAG_TRY(file.sample, decode_base64(sample.value_or("")));
  if (file.sample.size() > sample_bytes_max) return fail(Errc::too_large, "sample too long");
  return file;
}

UploadMode mode_of(const PreuploadFile& file, const GitAttributes& attributes) {
  if (file.size_bytes == 0) return UploadMode::regular;  // clients force it, and git-lfs does too
  if (attributes.is_lfs(file.path)) return UploadMode::lfs;
  if (file.size_bytes > regular_file_bytes_max) return UploadMode::lfs;
  return is_text_sample(file.sample, file.size_bytes) ? UploadMode::regular : UploadMode::lfs;
}

}  // namespace

Result<PreuploadRequest> parse_preupload(std::string_view body) {
  WAAG_TRY(const auto object, parse_json_object(body));
  PreuploadRequest request;
  WAAG_TRY(request.git_attributes, json_string(object, "gitAttributes"));
  WAAG_TRY(request.git_ignore, json_string(object, "gitIgnore"));
  const auto* files = json_array(object, "files");
  if (files == nullptr) return fail(Errc::invalid_argument, "\"files\" is missing");
  if (files->size() > preupload_files_max) return fail(Errc::too_large, "too many files");
  for (const auto& value : *files) {
    WAAG_TRY(auto file, parse_file(value));
    request.files.push_back(std::move(file));
  }
  return request;
}

bool is_text_sample(std::string_view sample, std::uint64_t size_bytes) {
  if (sample.find('\0') != sample.npos) return false;
  Utf8Checker checker;
  checker.feed(sample);
  return sample.size() < size_bytes ? checker.good() : checker.complete();
}

Result<std::vector<PreuploadRow>> plan_preupload(const PreuploadRequest& request,
                                                 std::string_view attributes,
                                                 std::string_view ignore) {
  if (request.git_attributes) attributes = *request.git_attributes;
  if (request.git_ignore) ignore = *request.git_ignore;
  if (attributes.size() > path_rules_bytes_max || ignore.size() > path_rules_bytes_max)
    return fail(Errc::invalid_argument, ".gitattributes or .gitignore too large");
  const GitAttributes attribute_rules(attributes);
  const GitIgnore ignore_rules(ignore);
  std::uint64_t steps = 0;
  for (const auto& file : request.files)
    steps += attribute_rules.steps(file.path) + ignore_rules.steps(file.path);
  if (steps > match_steps_max)
    return fail(Errc::invalid_argument, "too many files for rules this complex");
  std::vector<PreuploadRow> rows;
  rows.reserve(request.files.size());
  for (const auto& file : request.files)
    rows.push_back(PreuploadRow{file.path, mode_of(file, attribute_rules),
                                ignore_rules.ignores(file.path), std::nullopt});
  return rows;
}

std::string preupload_reply(const std::vector<PreuploadRow>& rows, std::string_view commit_oid) {
  JsonWriter json;
  json.begin_object().key("files").begin_array();
  for (const auto& row : rows) {
    json.begin_object().field("path", row.path);
    json.field("uploadMode", row.mode == UploadMode::lfs ? "lfs" : "regular");
    json.field("shouldIgnore", row.should_ignore);
    if (row.oid) json.field("oid", *row.oid);
    json.end_object();
  }
  json.end_array();
  if (!commit_oid.empty()) json.field("commitOid", commit_oid);
  json.end_object();
  return json.take();
}

}  // namespace waag::hub
