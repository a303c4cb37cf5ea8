#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What the prose of a README.md gives.
namespace waag::hub {

inline constexpr std::size_t arxiv_ids_max = 64;
inline constexpr std::size_t description_bytes_max = 600;
inline constexpr std::size_t citation_bytes_max = 16 * 1024;

/// The papers that a text links or names ("arxiv.org/abs/1706.03762", "arXiv:1706.03762"), each
/// once, in order; at most arxiv_ids_max.
std::vector<std::string> arxiv_ids(std::string_view text);

/// The first words of a README's prose, without front matter, headings' marks and comments; cut
/// between two words.
std::string first_words(std::string_view text);

/// The first BibTeX entry in a fenced block ("```bibtex", "```"); "" if there is none.
std::string first_citation(std::string_view text);

}  // namespace waag::hub
