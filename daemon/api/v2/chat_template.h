#pragma once

#include <string_view>

namespace waag::daemon {

/// How to talk to a model, in the words of Ollama.
struct ChatTemplate {
  std::string_view text;         // a Go template
  std::string_view params_json;  // where an answer ends
};

/// The well-known format that a GGUF file's own template (Jinja) writes, told by its marks; nullptr
/// if it is none of these.
const ChatTemplate* known_chat_template(std::string_view jinja);

}  // namespace waag::daemon
