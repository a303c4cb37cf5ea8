#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/async.h"
#include "daemon/auth/secrets/xet_token.h"
#include "protocol/bytes.h"
#include "storage/blob_reader.h"

/// What a handler sees and gives: no Beast types. The session fills Request and sends Response.
namespace waag::daemon {

/// Names are compared without case. Repeated names are kept.
class Headers {
 public:
  void set(std::string_view name, std::string value);  // replaces
  void add(std::string_view name, std::string value);
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Decoded query (`+` is a literal plus, HUB_API 2.1). Repeated keys are kept; `expand[]` counts as
/// `expand`.
class Query {
 public:
  void add(std::string key, std::string value);
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view key) const;
  /// true/True/1 -> true; absent, false/False/0 -> false.
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const {
    return pairs_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// The request's body, pulled by the handler. Bounded; enforces the route's limit
/// (Errc::too_large), the declared length, deadlines and the floor in bytes per second.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Declared Content-Length; nullopt if chunked.
  [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
  /// The next bytes, at most buffer.size(); 0 at the end of a complete body; an error if it was
  /// cut.
  virtual Task<Result<std::size_t>> read(std::span<std::byte> buffer) = 0;
  /// The whole rest as text; Errc::too_large beyond bytes_max.
  virtual Task<Result<std::string>> read_all(std::size_t bytes_max) = 0;
};

struct Rights;  // daemon/auth/rights.h

/// Who asks. Made by auth before the handler runs. What of it grants what:
/// daemon/auth/permission.h.
struct Identity {
  std::string user;  // "" = anonymous
  bool hub_admin = false;
  bool auditor = false;    // may read what hub admins read
  bool can_write = false;  // the token allows changes of something at all
  std::string token_id;    // public id, for the log
  std::string token_name;
  std::string token_role;  // "read" | "write" | "admin" | "fineGrained"; "" if anonymous
  bool had_bad_credentials =
      false;  // a token was sent that we do not know: anonymous on public reads
  std::shared_ptr<const Rights> rights;  // null: none but on the own namespace
  [[nodiscard]] bool anonymous() const { return user.empty(); }
};

enum class Method : std::uint8_t { get, head, post, put, del, options, patch };

struct Request {
  Method method{Method::get};  // HEAD is routed to the GET handler, method stays head
  std::string target;          // raw, as sent
  std::map<std::string, std::string, std::less<>>
      captures;  // by the route template, decoded: type, ns, name
  std::vector<std::string>
      rest;  // decoded segments of a trailing {rest...}; a segment may hold '/' (%2F)
  Query query;
  Headers headers;
  Identity who;
  std::optional<XetGrant> xet;  // of the Xet token that came instead of one of the hub
  std::string base_url;  // "http://host:port", no trailing slash: config, X-Forwarded-*, Host
  std::string request_id;
  std::string remote;  // address, for the log
  std::shared_ptr<BodyReader> body;
};

/// A blob or a part of it as a response body; the session picks sendfile or decoded extents.
struct BlobBody {
  std::shared_ptr<storage::BlobReader> blob;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Bytes that are made while they are sent.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// What is ready, at least a byte; 0 at the end. Blocks; called on the pool, one call at a time.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
};

/// Bytes that others have still to bring: waiting for them holds no thread.
class AsyncSource {
 public:
  virtual ~AsyncSource() = default;
  /// As BodySource's, but called on the session's thread, which it must never block.
  virtual Task<Result<std::size_t>> read(std::span<std::byte> out) = 0;
};

/// A body that is made while it is sent. An error of its source, or another length than was
/// announced, cuts the connection.
struct StreamBody {
  std::shared_ptr<BodySource> source;
  std::optional<std::uint64_t> bytes;  // nullopt: nobody knows before, so it goes in chunks
  bool chunked = true;  // set by the session: to a client of HTTP/1.0 it ends with the connection
  std::shared_ptr<AsyncSource> async{};  // in the place of `source`
};

struct Response {
  unsigned status = 200;
  Headers headers;  // Content-Length, Date, X-Request-Id, CORS are added by the session
  std::variant<std::monostate, std::string, BlobBody, StreamBody> body;
  /// HEAD, or a reply that must announce the length of a body it does not carry.
  std::optional<std::uint64_t> content_length;
};

Response json_response(std::string json, unsigned status = 200);
Response text_response(std::string text, unsigned status = 200);

}  // namespace waag::daemon
