#include "storage/meta/mirror/mirror_rules.h"

#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

Error no_such_rule(std::string_view name) {
  return fail(Errc::not_found, "There is no mirror called " + std::string(name));
}

}  // namespace

Status MirrorRuleTable::add(std::string_view name, std::string_view text) {
  Transaction transaction;
  transaction.expects.push_back({keys::mirror_rule(name), std::nullopt});
  transaction.puts.push_back({keys::mirror_rule(name), plain_row(text)});
  const auto applied = rows_.apply(std::move(transaction));
  if (applied) return ok();
  if (applied.error().code != Errc::conflict) return applied.error();
  return fail(Errc::conflict, "There is a mirror called " + std::string(name));
}

Result<std::string> MirrorRuleTable::find(std::string_view name) const {
  WAAG_TRY(auto text, get_row(rows_, keys::mirror_rule(name), decode_plain_row));
  if (!text) return no_such_rule(name);
  return *std::move(text);
}

Result<std::vector<std::string>> MirrorRuleTable::list() const {
  std::vector<std::string> texts;
  WAAG_CHECK(scan_rows(rows_, keys::all('Z'), "", decode_plain_row,
                       [&](std::string_view, std::string text) {
                         texts.push_back(std::move(text));
                         return true;
                       }));
  return texts;
}

Status MirrorRuleTable::change(std::string_view name,
                               const std::function<Status(std::string& text)>& edit) {
  const auto key = keys::mirror_rule(name);
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(auto stored, rows_.get(key));
    if (!stored) return no_such_rule(name);
    WAAG_TRY(auto text, decode_plain_row(*stored));
    WAAG_CHECK(edit(text));
    transaction.expects.push_back({key, std::move(stored)});
    transaction.puts.push_back({key, plain_row(text)});
    return ok();
  });
}

Status MirrorRuleTable::remove(std::string_view name) {
  const auto key = keys::mirror_rule(name);
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(auto stored, rows_.get(key));
    if (!stored) return no_such_rule(name);
    transaction.expects.push_back({key, std::move(stored)});
    transaction.dels.push_back(key);
    return ok();
  });
}

}  // namespace waag::storage
