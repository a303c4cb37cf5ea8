#include "daemon/api/v2/chat_template.h"

#include <algorithm>
#include <array>

namespace waag::daemon {
namespace {

struct Known {
  std::string_view mark;  // in the Jinja template, and in no other format's
  ChatTemplate chat;
};

/// Ollama's variables: .System, .Prompt, .Response. Source: its docs/template.md; the formats are
/// those of the models' own templates. The first whose mark is there is it.
constexpr std::array<Known, 5> known{{
    {"<|start_header_id|>",
     {"{{ if .System }}<|start_header_id|>system<|end_header_id|>\n\n"
      "{{ .System }}<|eot_id|>{{ end }}"
      "{{ if .Prompt }}<|start_header_id|>user<|end_header_id|>\n\n"
      "{{ .Prompt }}<|eot_id|>{{ end }}"
      "<|start_header_id|>assistant<|end_header_id|>\n\n{{ .Response }}<|eot_id|>",
      R"({"stop":["<|start_header_id|>","<|end_header_id|>","<|eot_id|>"]})"}},
    {"<|im_start|>",
     {"{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
      "{{ if .Prompt }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n{{ end }}"
      "<|im_start|>assistant\n{{ .Response }}<|im_end|>\n",
      R"({"stop":["<|im_start|>","<|im_end|>"]})"}},
    {"<start_of_turn>",
     {"<start_of_turn>user\n{{ if .System }}{{ .System }}\n\n{{ end }}{{ .Prompt }}<end_of_turn>\n"
      "<start_of_turn>model\n{{ .Response }}<end_of_turn>\n",
      R"({"stop":["<start_of_turn>","<end_of_turn>"]})"}},
    {"<|end|>",
     {"{{ if .System }}<|system|>\n{{ .System }}<|end|>\n{{ end }}"
      "{{ if .Prompt }}<|user|>\n{{ .Prompt }}<|end|>\n{{ end }}"
      "<|assistant|>\n{{ .Response }}<|end|>\n",
      R"({"stop":["<|system|>","<|user|>","<|assistant|>","<|end|>"]})"}},
    {"[INST]",
     {"[INST] {{ if .System }}{{ .System }}\n\n{{ end }}{{ .Prompt }} [/INST]{{ .Response }}</s>",
      R"({"stop":["[INST]","[/INST]"]})"}},
}};

}  // namespace

const ChatTemplate* known_chat_template(std::string_view jinja) {
  const auto found = std::ranges::find_if(
      known, [&](const Known& one) { return jinja.find(one.mark) != jinja.npos; });
  return found == known.end() ? nullptr : &found->chat;
}

}  // namespace waag::daemon
