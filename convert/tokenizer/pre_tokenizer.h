#pragma once

#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "protocol/result.h"

namespace waag::convert {

/// The name llama.cpp gives the way in which tokenizer.json splits text before the merges
/// ("llama-bpe", "qwen2", ...): by the regular expressions of its `pre_tokenizer`, text against
/// text. llama.cpp applies no normalizer; NFC is let pass, as its own converter does.
///
/// @param tokenizer  tokenizer.json
/// @param adds_bos   the tokenizer puts a BOS in front: tells deepseek-r1-qwen from qwen2 and
///                   llama-bpe from smaug-bpe
/// @return Errc::unprocessable if there is no name for it; the message lists what has one
/// Source: llama.cpp src/llama-vocab.cpp (the expressions stand in its comments), published
/// tokenizer.json files.
Result<std::string> pre_tokenizer_name(const boost::json::object& tokenizer, bool adds_bos);

/// Whether the expression, in tokenizer.json's spelling, is the one that llama.cpp calls "tekken".
bool is_tekken_pattern(std::string_view regex);

}  // namespace waag::convert
