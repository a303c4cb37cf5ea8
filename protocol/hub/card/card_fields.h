#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

/// Reading a card's or a config's JSON with the patience that hand-written files need: a field of
/// another type than expected is as good as absent. For .cc files of protocol/ only.
namespace waag::hub {

/// The object that `text` is; empty if it is none.
boost::json::object object_of(std::string_view text);

/// A text; "" if absent or something else.
std::string text_of(const boost::json::object& from, std::string_view key);

/// The texts of a field that is one text or a list of them. Numbers and booleans are taken as they
/// are spelt; what is empty or nested is left out.
std::vector<std::string> texts_of(const boost::json::object& from, std::string_view key);

/// Adds a text that is not yet there.
void add_once(std::vector<std::string>& texts, std::string text);

/// [] of the texts as JSON.
std::string json_texts(const std::vector<std::string>& texts);

}  // namespace waag::hub
