#include "protocol/hub/commit_request.h"

#include <algorithm>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "protocol/hub/commit_line.h"

namespace waag::hub {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t json_depth_max = 64;
constexpr std::size_t name_bytes_max = 256;  // longest member name that is looked at

/// What one line may be depends on those before it.
struct LineOrder {
  bool header_seen = false;
  std::size_t operations = 0;

  Status next(CommitLine::Kind kind) {
    const bool is_header = kind == CommitLine::Kind::header;
    if (is_header == header_seen)
      return fail(Errc::invalid_argument, is_header ? "second header" : "first line is no header");
    header_seen = true;
    if (!is_header && ++operations > commit_operations_max)
      return fail(Errc::too_large, "too many operations in one commit");
    return ok();
  }
};

/// Turns the tokens of one line into calls of CommitLine. The names and limits that begin with max_
/// and the on_ members are what boost::json::basic_parser asks for. An error of ours is kept in
/// `error`; the error code only stops the tokenizer.
class LineTokens {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  CommitLine line;
  LineOrder* order = nullptr;
  std::vector<CommitEvent>* events = nullptr;
  std::optional<Error> error;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) {
    if (depth_ == 1 && member_ == Member::value) {
      if (line.kind() == CommitLine::Kind::unknown) return stop(ec, "\"key\" must come first");
      in_value_ = true;
    }
    return scalar_or_deeper(ec, depth_ == 0 || (depth_ == 1 && in_value_)) && push();
  }
  bool on_object_end(std::size_t, error_code&) { return pop(); }
  bool on_array_begin(error_code& ec) { return scalar_or_deeper(ec, false) && push(); }
  bool on_array_end(std::size_t, error_code&) { return pop(); }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    if (depth_ <= 2 && name_.size() <= name_bytes_max)
      name_.append(part.data(), std::min(part.size(), name_bytes_max + 1));
    return true;
  }
  bool on_key(json::string_view part, std::size_t bytes, error_code& ec) {
    on_key_part(part, bytes, ec);
    const auto name = std::exchange(name_, {});
    if (depth_ == 1) {
      member_ = name == "key" ? Member::key : name == "value" ? Member::value : Member::ignored;
      if (member_ == Member::ignored) return true;
      const auto bit = member_ == Member::key ? 1U : 2U;
      if ((seen_ & bit) != 0) return stop(ec, "key or value given twice");
      seen_ |= bit;
    } else if (depth_ == 2 && in_value_) {
      auto field = line.begin_field(name);
      if (!field) return stop(ec, std::move(field).error());
      field_ = *field;
    }
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t, error_code& ec) {
    return text({part.data(), part.size()}, false, ec);
  }
  bool on_string(json::string_view part, std::size_t, error_code& ec) {
    return text({part.data(), part.size()}, true, ec);
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, error_code& ec) {
    if (value >= 0) return on_uint64(static_cast<std::uint64_t>(value), {}, ec);
    return other_scalar(ec);
  }
  bool on_uint64(std::uint64_t value, json::string_view, error_code& ec) {
    if (depth_ == 2 && in_value_ && field_ == CommitLine::Field::size)
      return checked(line.size(value), ec);
    return other_scalar(ec);
  }
  bool on_double(double, json::string_view, error_code& ec) { return other_scalar(ec); }
  bool on_bool(bool, error_code& ec) { return other_scalar(ec); }
  bool on_null(error_code& ec) {
    if (depth_ == 2 && in_value_) return checked(line.null(field_), ec);
    return other_scalar(ec);
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  /// What the tokenizer cannot know at the end of the line.
  Status end() {
    if ((seen_ & 2U) == 0) return fail(Errc::invalid_argument, "\"value\" is missing");
    return line.end(*events);
  }

 private:
  enum class Member : std::uint8_t { ignored, key, value };

  bool stop(error_code& ec, Error why) {
    error = std::move(why);
    ec = json::error::syntax;
    return false;
  }
  bool stop(error_code& ec, const char* why) { return stop(ec, fail(Errc::invalid_argument, why)); }
  bool checked(Status status, error_code& ec) {
    return status ? true : stop(ec, std::move(status).error());
  }
  bool push() {
    ++depth_;
    return true;
  }
  bool pop() {
    if (--depth_ == 1) in_value_ = false;
    return true;
  }
  /// A value begins that is no text: refuses it where we need text or the two known objects.
  bool scalar_or_deeper(error_code& ec, bool expected) {
    if (expected) return true;
    if (depth_ == 0) return stop(ec, "line is not an object");
    if (depth_ == 1 && member_ != Member::ignored) return stop(ec, "malformed key or value");
    if (depth_ == 2 && in_value_ && field_ != CommitLine::Field::ignored)
      return stop(ec, "member of the wrong type");
    return true;
  }
  bool other_scalar(error_code& ec) { return scalar_or_deeper(ec, false); }

  bool text(std::string_view piece, bool last, error_code& ec) {
    if (depth_ == 1 && member_ == Member::key) {
      if (kind_.size() + piece.size() > name_bytes_max) return stop(ec, "unknown operation");
      kind_ += piece;
      if (!last) return true;
      return checked(line.kind(kind_), ec) && checked(order->next(line.kind()), ec);
    }
    if (depth_ == 2 && in_value_) return checked(line.text(field_, piece, last, *events), ec);
    return scalar_or_deeper(ec, false);
  }

  std::size_t depth_ = 0;
  bool in_value_ = false;
  unsigned seen_ = 0;  // 1: key, 2: value
  Member member_ = Member::ignored;
  CommitLine::Field field_ = CommitLine::Field::ignored;
  std::string name_, kind_;
};

using LineParser = json::basic_parser<LineTokens>;

json::parse_options strict_options() {
  json::parse_options options;
  options.max_depth = json_depth_max;
  return options;
}

}  // namespace

struct CommitRequestParser::State {
  std::optional<LineParser> parser;  // set while a line has more than blanks
  std::size_t line_number = 1;
  LineOrder order;

  Error at_line(const Error& error) const {
    return fail(error.code, "line " + std::to_string(line_number) + ": " + error.what, error.where);
  }

  Status write(std::string_view piece, bool more, std::vector<CommitEvent>& events) {
    auto& tokens = parser->handler();
    tokens.events = &events;
    tokens.order = &order;
    error_code ec;
    const auto used = parser->write_some(more, piece.data(), piece.size(), ec);
    if (tokens.error) return at_line(*tokens.error);
    if (ec || used != piece.size()) return at_line(fail(Errc::invalid_argument, "malformed JSON"));
    return ok();
  }

  Status part(std::string_view piece, std::vector<CommitEvent>& events) {
    if (!parser) {
      const auto first = piece.find_first_not_of(" \t\r");
      if (first == piece.npos) return ok();
      piece.remove_prefix(first);
      parser.emplace(strict_options());
    }
    return write(piece, true, events);
  }

  Status end_line(std::vector<CommitEvent>& events) {
    if (parser) {
      WAAG_CHECK(write({}, false, events));
      auto& tokens = parser->handler();
      if (auto ended = tokens.end(); !ended) return at_line(ended.error());
      parser.reset();
    }
    ++line_number;
    return ok();
  }
};

CommitRequestParser::CommitRequestParser() : state_(std::make_unique<State>()) {}
CommitRequestParser::~CommitRequestParser() = default;
CommitRequestParser::CommitRequestParser(CommitRequestParser&&) noexcept = default;
CommitRequestParser& CommitRequestParser::operator=(CommitRequestParser&&) noexcept = default;

Status CommitRequestParser::feed(ByteView input, std::vector<CommitEvent>& events) {
  auto rest = as_text(input);
  while (true) {
    const auto newline = rest.find('\n');
    if (auto status = state_->part(rest.substr(0, newline), events); !status) return status;
    if (newline == rest.npos) return ok();
    WAAG_CHECK(state_->end_line(events));
    rest.remove_prefix(newline + 1);
  }
}

Status CommitRequestParser::finish(std::vector<CommitEvent>& events) {
  WAAG_CHECK(state_->end_line(events));
  if (!state_->order.header_seen)
    return fail(Errc::invalid_argument, "commit without a header line");
  return ok();
}

}  // namespace waag::hub
