#include "protocol/lfs/batch.h"

#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>

#include "protocol/hub/json_reader.h"
#include "protocol/hub/json_writer.h"

namespace waag::lfs {
namespace {

using boost::json::object;
using hub::json_array;
using hub::json_required_string;
using hub::json_string;
using hub::json_uint;

/// A batch of 1,000 objects has some 150 bytes each, a completion 10,000 parts with their tags.
constexpr std::size_t body_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t transfers_max = 16;

Error bad(const char* what) { return fail(Errc::invalid_argument, what); }

Result<BlobId> parse_oid(const object& from) {
  WAAG_TRY(const auto text, json_required_string(from, "oid"));
  auto oid = BlobId::parse(text);
  if (!oid) return fail(Errc::unprocessable, "oid is not a SHA-256 in hex");
  return oid;
}

Result<Object> parse_object(const object& from) {
  Object out;
  WAAG_TRY(out.oid, parse_oid(from));
  const auto size = json_uint(from, "size");
  if (!size || !*size) return fail(Errc::unprocessable, "size is missing or no number");
  if (**size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fail(Errc::unprocessable, "size too large");
  out.size_bytes = **size;
  return out;
}

Status parse_transfers(const object& from, BatchRequest& request) {
  if (const auto* transfers = json_array(from, "transfers")) {
    for (const auto& transfer : *transfers) {
      const auto* name = transfer.if_string();
      if (name == nullptr) return bad("transfer is not a text");
      if (request.transfers.size() == transfers_max) return bad("too many transfers");
      request.transfers.emplace_back(name->data(), name->size());
    }
  }
  if (request.transfers.empty()) request.transfers.emplace_back("basic");
  return ok();
}

Status parse_operation(const object& from, BatchRequest& request) {
  WAAG_TRY(const auto operation, json_required_string(from, "operation"));
  if (operation != "upload" && operation != "download") return bad("unknown operation");
  request.operation = operation == "upload" ? Operation::upload : Operation::download;
  WAAG_TRY(const auto hash, json_string(from, "hash_algo"));
  if (hash && *hash != "sha256" && *hash != "sha_256")  // hf.js spells it so
    return fail(Errc::conflict, "hash_algo must be sha256");
  return ok();
}

void write_action(hub::JsonWriter& json, std::string_view name,
                  const std::optional<Action>& action) {
  if (!action) return;
  json.key(name).begin_object().field("href", action->href);
  if (!action->header.empty()) {
    json.key("header").begin_object();
    for (const auto& [key, value] : action->header) json.field(key, value);
    json.end_object();
  }
  if (action->expires_in_s != 0) json.field("expires_in", action->expires_in_s);
  json.end_object();
}

void write_object(hub::JsonWriter& json, const BatchObject& object) {
  json.begin_object().field("oid", object.object.oid.hex());
  json.field("size", object.object.size_bytes);
  if (object.upload || object.verify || object.download) {
    json.key("actions").begin_object();
    write_action(json, "upload", object.upload);
    write_action(json, "verify", object.verify);
    write_action(json, "download", object.download);
    json.end_object();
  }
  if (object.error) {
    json.key("error").begin_object().field("code", object.error->code);
    json.field("message", object.error->message).end_object();
  }
  json.end_object();
}

std::string part_key(std::size_t number) {
  constexpr std::size_t digits = 5;
  const auto text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace

bool BatchRequest::accepts(std::string_view transfer) const {
  return std::ranges::find(transfers, transfer) != transfers.end();
}

Result<BatchRequest> parse_batch(std::string_view body) {
  WAAG_TRY(const auto from, hub::parse_json_object(body, body_bytes_max));
  BatchRequest request;
  WAAG_CHECK(parse_operation(from, request));
  WAAG_CHECK(parse_transfers(from, request));
  if (const auto* ref = from.if_contains("ref"); ref != nullptr && ref->is_object()) {
    WAAG_TRY(const auto name, json_string(ref->get_object(), "name"));
    request.ref = name.value_or("");
  }
  const auto* objects = json_array(from, "objects");
  if (objects == nullptr) return bad("\"objects\" is missing");
  if (objects->size() > batch_objects_max) return fail(Errc::too_large, "too many objects");
  for (const auto& value : *objects) {
    const auto* object = value.if_object();
    if (object == nullptr) return bad("object is no JSON object");
    WAAG_TRY(const auto parsed, parse_object(*object));
    request.objects.push_back(parsed);
  }
  return request;
}

std::string batch_reply(std::string_view transfer, const std::vector<BatchObject>& objects) {
  hub::JsonWriter json;
  json.begin_object().field("transfer", transfer).key("objects").begin_array();
  for (const auto& object : objects) write_object(json, object);
  json.end_array().field("hash_algo", "sha256").end_object();
  return json.take();
}

std::uint64_t part_bytes(std::uint64_t size_bytes) {
  return std::max(part_bytes_min, size_bytes / part_count_max + (size_bytes % part_count_max != 0));
}

std::uint64_t part_count(std::uint64_t size_bytes, std::uint64_t part_bytes) {
  if (size_bytes == 0 || part_bytes == 0) return 1;
  return (size_bytes - 1) / part_bytes + 1;
}

Action multipart_upload(std::string completion_href, std::uint64_t part_bytes,
                        const std::vector<std::string>& part_hrefs) {
  Action action;
  action.href = std::move(completion_href);
  action.header.emplace_back("chunk_size", std::to_string(part_bytes));
  for (std::size_t i = 0; i < part_hrefs.size(); ++i)
    action.header.emplace_back(part_key(i + 1), part_hrefs[i]);
  return action;
}

Result<Completion> parse_completion(std::string_view body) {
  WAAG_TRY(const auto from, hub::parse_json_object(body, body_bytes_max));
  Completion completion;
  WAAG_TRY(completion.oid, parse_oid(from));
  const auto* parts = json_array(from, "parts");
  if (parts == nullptr || parts->empty() || parts->size() > part_count_max)
    return bad("\"parts\" must name 1 to 10000 parts");
  for (const auto& value : *parts) {
    const auto* part = value.if_object();
    if (part == nullptr) return bad("part is no JSON object");
    WAAG_TRY(const auto number, json_uint(*part, "partNumber"));
    WAAG_TRY(auto etag, json_required_string(*part, "etag"));
    if (!number || *number == 0 || *number > part_count_max) return bad("bad partNumber");
    completion.parts.push_back({static_cast<std::uint32_t>(*number), std::move(etag)});
  }
  std::ranges::sort(completion.parts, {}, &CompletedPart::number);
  for (std::size_t i = 0; i < completion.parts.size(); ++i)
    if (completion.parts[i].number != i + 1) return bad("part missing or named twice");
  return completion;
}

Result<Object> parse_verify(std::string_view body) {
  WAAG_TRY(const auto from, hub::parse_json_object(body, body_bytes_max));
  return parse_object(from);
}

std::string error_body(std::string_view message) {
  hub::JsonWriter json;
  json.begin_object().field("message", message).end_object();
  return json.take();
}

}  // namespace waag::lfs
