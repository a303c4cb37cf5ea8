#pragma once

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/tokenizer_texts.h"
#include "convert/write/gguf_pairs.h"
#include "protocol/result.h"

namespace waag::convert {

/// The pairs of the chat templates: tokenizer_config.json's `chat_template` (a string, or a list of
/// {name, template}), else chat_template.jinja with the additional ones, else chat_template.json.
/// None without a tokenizer_config.json, as llama.cpp's converter has it.
/// @param tokenizer_config  nullptr if there is none
/// @return Errc::unprocessable if chat_template.json is malformed or there are too many
/// Source: FORMATS 2.5; llama.cpp gguf-py/gguf/vocab.py, gguf_writer.py add_chat_template.
Result<GgufEntries> chat_template_entries(const TokenizerTexts& texts,
                                          const boost::json::object* tokenizer_config);

/// The same of the files alone: for a repo that has no tokenizer_config.json by its publisher's
/// custom, as Mistral's with tekken.json.
Result<GgufEntries> chat_template_file_entries(const TokenizerTexts& texts);

}  // namespace waag::convert
