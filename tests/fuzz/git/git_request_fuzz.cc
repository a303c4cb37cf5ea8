#include "protocol/git/fetch_request.h"
#include "protocol/git/pkt_line.h"
#include "protocol/git/push_request.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// What a client of git's protocol sends before and instead of a pack.
void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  git::PktReader reader(text);
  std::string again;
  while (true) {
    const auto pkt = reader.next();
    if (!pkt || !*pkt) break;
    if ((*pkt)->kind == git::PktKind::data) git::append_pkt(again, (*pkt)->payload);
  }
  FUZZ_REQUIRE(again.size() <= text.size());
  if (const auto fetch = git::parse_fetch_v0(text))
    FUZZ_REQUIRE(fetch->wants.size() <= text.size() / 40);
  if (const auto command = git::parse_command(text)) {
    const auto fetch = git::parse_fetch_v2(command->arguments);
    const auto refs = git::parse_ls_refs(command->arguments);
    FUZZ_REQUIRE(refs.has_value());
    if (fetch) FUZZ_REQUIRE(fetch->haves.size() <= text.size() / 40);
  }
  if (const auto push = git::parse_push(text))
    for (const auto& command : push->commands)
      FUZZ_REQUIRE(!command.name.empty() && !(command.creates() && command.deletes()));
}

WAAG_FUZZ_TARGET
