#include "daemon/catalog/summary.h"

namespace waag::daemon {
namespace {

/// To be raised whenever a summary of the same files would come out otherwise: also when a tag
/// rule of protocol/hub/card changes.
constexpr std::uint8_t summary_version = 2;  // 2 added regular_bytes

/// Every text of a summary, in the order of the row.
template <class AnySummary, class Visit>
void each_text(AnySummary& summary, Visit visit) {
  auto& about = summary.about;
  for (auto* text :
       {&about.pipeline_tag, &about.library_name, &about.mask_token, &about.card_json,
        &about.model_index_json, &about.widget_json, &about.config_json, &about.transformers_json,
        &about.base_models_json, &about.description, &about.citation, &about.paperswithcode_id,
        &about.sdk, &summary.safetensors_json, &summary.gguf_json})
    visit(*text);
}

/// Every list of texts, likewise.
template <class AnySummary, class Visit>
void each_list(AnySummary& summary, Visit visit) {
  for (auto* list : {&summary.about.tags, &summary.about.models, &summary.about.datasets})
    visit(*list);
}

}  // namespace

std::size_t Summary::weight() const {
  std::size_t bytes = sizeof(Summary);
  each_text(*this, [&bytes](const std::string& text) { bytes += text.size(); });
  each_list(*this, [&bytes](const std::vector<std::string>& list) {
    for (const auto& text : list) bytes += sizeof(text) + text.size();
  });
  return bytes;
}

std::string encode(const Summary& summary) {
  ByteWriter out;
  out.fixed(summary_version);
  out.raw(summary.commit.view());
  out.fixed(static_cast<std::uint64_t>(summary.modified.count()));
  out.varint(summary.files_bytes);
  out.varint(summary.regular_bytes);
  out.varint(summary.parameters);
  each_text(summary, [&out](const std::string& text) { out.text(text); });
  each_list(summary, [&out](const std::vector<std::string>& list) {
    out.varint(list.size());
    for (const auto& text : list) out.text(text);
  });
  return out.str();
}

bool is_row_of(std::string_view value, const CommitId& commit) {
  ByteReader in(as_bytes(value));
  return in.fixed<std::uint8_t>() == summary_version &&
         as_text(in.raw(CommitId::size_bytes)) == as_text(commit.view()) && in.ok();
}

Result<Summary> decode_summary(std::string_view value) {
  ByteReader in(as_bytes(value));
  Summary summary;
  const auto version = in.fixed<std::uint8_t>();
  if (version != summary_version) return fail(Errc::corrupt, "summary of another release");
  const auto commit = in.raw(CommitId::size_bytes);
  summary.modified = storage::TimeMs(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
  summary.files_bytes = in.varint();
  summary.regular_bytes = in.varint();
  summary.parameters = in.varint();
  each_text(summary, [&in](std::string& text) { text = in.text(); });
  each_list(summary, [&in](std::vector<std::string>& list) {
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) list.push_back(in.text());
  });
  if (!in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of a summary");
  WAAG_TRY(summary.commit, CommitId::from(commit));
  return summary;
}

}  // namespace waag::daemon
