#include "protocol/http/link_header.h"

#include "protocol/http/url_path.h"

namespace waag::http {

std::string link_value(std::string_view url, std::string_view rel) {
  std::string value = "<";
  for (const char c : url) {  // what would end the reference early; our own URLs hold none
    if (c == '<' || c == '>' || c == '"' || c == ' ' || static_cast<unsigned char>(c) < 0x20) {
      value += percent_encode(std::string_view(&c, 1));
    } else {
      value += c;
    }
  }
  return value + ">; rel=\"" + std::string(rel) + "\"";
}

std::string next_link(std::string_view base_url, std::string_view target, std::string_view key,
                      std::string_view value) {
  return link_value(std::string(base_url) + with_query_parameter(target, key, value), "next");
}

}  // namespace waag::http
