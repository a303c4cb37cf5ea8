#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"

#include <bit>
#include <cmath>
#include <optional>

#include "protocol/utf8.h"

namespace waag::convert {
namespace {

// ModelProto { repeated SentencePiece pieces = 1; TrainerSpec trainer_spec = 2; ... }
// SentencePiece { string piece = 1; float score = 2; Type type = 3 [default = NORMAL]; }
// TrainerSpec { ...; ModelType model_type = 3 [default = UNIGRAM]; ...;
//   bool treat_whitespace_as_suffix = 24; bool byte_fallback = 35; ... }
// NormalizerSpec { ...; bytes precompiled_charsmap = 2; bool add_dummy_prefix = 3;
//   bool remove_extra_whitespaces = 4; bool escape_whitespaces = 5; ... }
constexpr std::uint64_t model_pieces = 1, model_trainer_spec = 2, model_normalizer_spec = 3;
constexpr std::uint64_t piece_text = 1, piece_score = 2, piece_type = 3;
constexpr std::uint64_t trainer_model_type = 3, type_unigram = 1, type_bpe = 2;
constexpr std::uint64_t trainer_suffix = 24, trainer_fallback = 35;
constexpr std::uint64_t normalizer_map = 2, normalizer_prefix = 3, normalizer_extra = 4,
                        normalizer_escape = 5, type_user_defined = 4;

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  std::uint64_t number = 0;
  Wire wire{Wire::varint};
  std::uint64_t value = 0;  // of a varint or a fixed one
  std::string_view bytes{};
};

Error malformed(const char* what) {
  return fail(Errc::unprocessable, std::string("tokenizer.model: ") + what);
}

/// The fields of one message, in the order of its bytes.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  Result<Field> next() {
    WAAG_TRY(const auto tag, varint());
    Field field{.number = tag >> 3, .wire = static_cast<Wire>(tag & 7)};
    if (field.number == 0) return malformed("a field has the number 0");
    switch (field.wire) {
      case Wire::varint: {
        WAAG_TRY(field.value, varint());
        return field;
      }
      case Wire::fixed64: {
        WAAG_TRY(field.value, fixed(8));
        return field;
      }
      case Wire::fixed32: {
        WAAG_TRY(field.value, fixed(4));
        return field;
      }
      case Wire::bytes: {
        WAAG_TRY(const auto size, varint());
        if (size > rest_.size()) return malformed("a field ends behind the message");
        field.bytes = take(size);
        return field;
      }
    }
    return malformed("a field has an unknown type");
  }

 private:
  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return malformed("a number does not end");
  }

  Result<std::uint64_t> fixed(std::size_t size) {
    if (size > rest_.size()) return malformed("a field ends behind the message");
    std::uint64_t value = 0;
    const auto bytes = take(size);
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
  }

  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

/// A user-defined piece counts as normal: the converter of llama.cpp does not ask for that type.
std::optional<TokenType> type_of(std::uint64_t stored) {
  switch (stored) {
    case 1:
      return TokenType::normal;
    case 2:
      return TokenType::unknown;
    case 3:
      return TokenType::control;
    case 4:
      return TokenType::normal;
    case 5:
      return TokenType::unused;
    case 6:
      return TokenType::byte;
    default:
      return std::nullopt;
  }
}

Result<SentencePiece> parse_piece(std::string_view message) {
  SentencePiece piece;
  Fields fields(message);
  while (!fields.empty()) {
    WAAG_TRY(const auto field, fields.next());
    if (field.number == piece_text && field.wire == Wire::bytes) {
      piece.text = field.bytes;
    } else if (field.number == piece_score && field.wire == Wire::fixed32) {
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    } else if (field.number == piece_type && field.wire == Wire::varint) {
      const auto type = type_of(field.value);
      if (!type) return malformed("a piece has an unknown type");
      piece.type = *type;
      piece.is_user_defined = field.value == type_user_defined;
    } else if (field.number <= piece_type) {
      return malformed("a piece has a field of the wrong type");
    }
  }
  if (!is_utf8(piece.text)) return malformed("a piece is not UTF-8");
  if (std::isnan(piece.score)) return malformed("a piece's score is not a number");
  return piece;
}

/// @return the type of the model
Result<std::uint64_t> parse_trainer(std::string_view trainer_spec, SentencePieceRules& rules) {
  std::uint64_t type = type_unigram;
  Fields fields(trainer_spec);
  while (!fields.empty()) {
    WAAG_TRY(const auto field, fields.next());
    if (field.wire != Wire::varint) continue;
    if (field.number == trainer_model_type) type = field.value;
    if (field.number == trainer_suffix) rules.has_space_behind = field.value != 0;
    if (field.number == trainer_fallback) rules.falls_back_to_bytes = field.value != 0;
  }
  return type;
}

Status parse_normalizer(std::string_view normalizer_spec, SentencePieceRules& rules) {
  Fields fields(normalizer_spec);
  while (!fields.empty()) {
    WAAG_TRY(const auto field, fields.next());
    if (field.number == normalizer_map && field.wire == Wire::bytes)
      rules.has_character_map = !field.bytes.empty();
    if (field.wire != Wire::varint) continue;
    if (field.number == normalizer_prefix) rules.adds_space_in_front = field.value != 0;
    if (field.number == normalizer_extra) rules.removes_extra_spaces = field.value != 0;
    if (field.number == normalizer_escape) rules.escapes_spaces = field.value != 0;
  }
  return ok();
}

}  // namespace

Result<SentencePieceModel> parse_sentencepiece_model(std::string_view model) {
  std::vector<SentencePiece> pieces;
  SentencePieceRules rules;
  std::uint64_t type = type_unigram;
  Fields fields(model);
  while (!fields.empty()) {
    WAAG_TRY(const auto field, fields.next());
    if (field.wire != Wire::bytes) continue;
    if (field.number == model_pieces) {
      if (pieces.size() == vocab_size_max) return malformed("there are too many pieces");
      WAAG_TRY(auto piece, parse_piece(field.bytes));
      pieces.push_back(std::move(piece));
    } else if (field.number == model_trainer_spec) {
      WAAG_TRY(type, parse_trainer(field.bytes, rules));
    } else if (field.number == model_normalizer_spec) {
      WAAG_CHECK(parse_normalizer(field.bytes, rules));
    }
  }
  if (type != type_unigram && type != type_bpe) {
    return malformed("the model is neither BPE nor unigram");
  }
  if (pieces.empty()) return malformed("there are no pieces");
  return SentencePieceModel{std::move(pieces), type == type_unigram, rules};
}

}  // namespace waag::convert
