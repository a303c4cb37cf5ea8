#include <algorithm>

#include "protocol/hub/commit_request.h"
#include "protocol/hub/preupload.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

/// All events as one text, whose file bytes are joined; "!" if the body was refused.
std::string events_of(ByteView body, std::size_t piece_bytes) {
  hub::CommitRequestParser parser;
  std::vector<hub::CommitEvent> events;
  bool good = true;
  while (good && !body.empty()) {
    const auto piece = body.first(std::min(piece_bytes, body.size()));
    good = parser.feed(piece, events).has_value();
    body = body.subspan(piece.size());
  }
  if (!good || !parser.finish(events)) return "!";
  std::string text;
  std::uint64_t file_bytes = 0;
  for (const auto& event : events) {
    if (const auto* head = std::get_if<hub::CommitHeader>(&event))
      text += "h" + head->summary + "\n" + head->description + "\n" + head->parent_commit;
    if (std::holds_alternative<hub::FileBegin>(event)) {
      text += "b";
      file_bytes = 0;
    }
    if (const auto* part = std::get_if<hub::FileBytes>(&event)) {
      text += part->bytes;
      file_bytes += part->bytes.size();
    }
    if (const auto* end = std::get_if<hub::FileEnd>(&event)) {
      FUZZ_REQUIRE(end->size_bytes == file_bytes && is_utf8(end->path));
      text += "e" + end->path;
    }
    if (const auto* lfs = std::get_if<hub::LfsFileOperation>(&event))
      text += "l" + lfs->path + lfs->oid.hex() + std::to_string(lfs->size_bytes.value_or(0));
    if (const auto* gone = std::get_if<hub::DeleteOperation>(&event))
      text += (gone->folder ? "D" : "d") + gone->path;
  }
  return text;
}

}  // namespace

void fuzz::run(ByteView input) {
  const auto whole = events_of(input, std::max<std::size_t>(input.size(), 1));
  FUZZ_REQUIRE(whole == events_of(input, 1));
  FUZZ_REQUIRE(whole == events_of(input, 7));
  if (const auto request = hub::parse_preupload(as_text(input))) {
    const auto rows = hub::plan_preupload(*request, "*.bin filter=lfs\n", "tmp/\n");
    FUZZ_REQUIRE(!rows || rows->size() == request->files.size());
  }
}

WAAG_FUZZ_TARGET
