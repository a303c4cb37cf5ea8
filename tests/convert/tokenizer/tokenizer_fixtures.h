#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace waag::convert::testing {

struct PreTokenizerFixture {
  std::string_view name;  // llama.cpp's
  std::string_view json;  // the `pre_tokenizer` of the family's tokenizer.json
};

/// As published, but for white space.
inline constexpr PreTokenizerFixture pre_tokenizers[] = {
    {"llama-bpe",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "()x"
     R"x(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p)x"
     R"x({L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", ")x"
     R"x(invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets")x"
     R"x(: true, "use_regex": false}]})x"},
    {"qwen2",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "()x"
     R"x(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\)x"
     R"x(p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "inver)x"
     R"x(t": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": fal)x"
     R"x(se, "use_regex": false}]})x"},
    {"qwen35",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "()x"
     R"x(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s)x"
     R"x(\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Iso)x"
     R"x(lated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim)x"
     R"x(_offsets": true, "use_regex": false}]})x"},
    {"tekken",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "[)x"
     R"x(^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo})x"
     R"x(\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{)x"
     R"x(Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!)x"
     R"x(\\S)|\\s+"}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "ad)x"
     R"x(d_prefix_space": false, "trim_offsets": true, "use_regex": false}]})x"},
    {"deepseek-v3",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": ")x"
     R"x(\\p{N}{1,3}"}, "behavior": "Isolated", "invert": false}, {"type": "Split", "patt)x"
     R"x(ern": {"Regex": "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"}, "behavior": "Isol)x"
     R"x(ated", "invert": false}, {"type": "Split", "pattern": {"Regex": "[!\"#$%&'()*+,)x"
     R"x(\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}])x"
     R"x(+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated)x"
     R"x(", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offs)x"
     R"x(ets": true, "use_regex": false}]})x"},
    {"deepseek-coder",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "[)x"
     R"x(\r\n]"}, "behavior": "Isolated", "invert": false}, {"type": "Split", "pattern": )x"
     R"x({"Regex": "\\s?\\p{L}+"}, "behavior": "Isolated", "invert": false}, {"type": "Sp)x"
     R"x(lit", "pattern": {"Regex": "\\s?\\p{P}+"}, "behavior": "Isolated", "invert": fal)x"
     R"x(se}, {"type": "Split", "pattern": {"Regex": "[\u4e00-\u9fa5\u0800-\u4e00\uac00-)x"
     R"x(\ud7ff]+"}, "behavior": "Isolated", "invert": false}, {"type": "Digits", "indivi)x"
     R"x(dual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offs)x"
     R"x(ets": true, "use_regex": false}]})x"},
    {"smollm",
     R"x({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": t)x"
     R"x(rue}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "us)x"
     R"x(e_regex": true}]})x"},
};

inline boost::json::object json_object(std::string_view text) {
  return boost::json::parse(boost::json::string_view(text.data(), text.size())).as_object();
}

/// A field of a protobuf message: bytes, at most 127.
inline std::string bytes_field(char number, std::string_view bytes) {
  std::string field{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())};
  return field.append(bytes);
}

/// A field with a number below 128.
inline std::string varint_field(char number, char value) {
  return {static_cast<char>(number << 3), value};
}

/// A piece of a tokenizer.model. @param type  0 leaves it out
inline std::string piece_field(std::string_view text, float score, char type) {
  std::string piece = bytes_field(1, text);
  std::uint32_t bits;
  static_assert(sizeof bits == sizeof score);
  std::memcpy(&bits, &score, sizeof bits);
  piece += static_cast<char>(2 << 3 | 5);
  for (int shift = 0; shift < 32; shift += 8) piece += static_cast<char>(bits >> shift);
  if (type != 0) piece += varint_field(3, type);
  return bytes_field(1, piece);
}

/// <unk>, <s>, </s>, a byte, a user-defined piece, two of text.
inline std::string small_sentencepiece_model() {
  const std::string trainer = varint_field(3, 2);  // BPE
  return piece_field("<unk>", 0, 2) + piece_field("<s>", 0, 3) + piece_field("</s>", 0, 3) +
         piece_field("<0x0A>", 0, 6) + piece_field("<tool>", 0, 4) +
         piece_field("\u2581a", -1.5F, 0) + piece_field("b", -2, 1) + bytes_field(2, trainer);
}

/// The model, and the tokenizer.json that transformers makes of it.
inline std::string merged_sentencepiece_model() {
  return piece_field("<unk>", 0, 2) + piece_field("<s>", 0, 3) + piece_field("<0x0A>", 0, 6) +
         piece_field("ab", 0, 0) + piece_field("abb", -1, 0) + piece_field("\u2581", -2, 0) +
         piece_field("a", -3, 0) + piece_field("b", -4, 0) +
         bytes_field(2, varint_field(3, 2) + "\x98\x02\x01");  // BPE, byte_fallback
}
inline constexpr const char* merged_tokenizer_json = R"({
  "added_tokens": [{"id": 0, "content": "<unk>", "special": true},
                   {"id": 1, "content": "<s>", "special": true}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "\u2581"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
  "pre_tokenizer": null,
  "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
            "vocab": {"<unk>": 0, "<s>": 1, "<0x0A>": 2, "ab": 3, "abb": 4, "\u2581": 5, "a": 6,
                      "b": 7},
            "merges": ["a b", "ab b"]}})";

/// Byte-level BPE of a few tokens, ids 0 to 5, in Llama 3's way of splitting.
inline boost::json::object small_tokenizer() {
  auto tokenizer = json_object(R"({
    "added_tokens": [
      {"id": 4, "content": "<|bos|>", "special": true},
      {"id": 5, "content": "<|eot|>", "special": true}],
    "normalizer": null,
    "post_processor": {"type": "Sequence", "processors": [
      {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<|bos|>", "type_id": 0}},
                  {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [{"SpecialToken": {"id": "<|bos|>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<|bos|>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}}]}]},
    "model": {"type": "BPE", "ignore_merges": true,
              "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3}, "merges": ["a b"]}})");
  const auto block = pre_tokenizers[0].json;
  tokenizer["pre_tokenizer"] = json_object(block);
  return tokenizer;
}

}  // namespace waag::convert::testing
