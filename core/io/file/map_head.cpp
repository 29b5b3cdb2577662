#include "core/io/file/map_head.hpp"

#include "core/io/file/journal_head.hpp"

#include <boost/json.hpp>

namespace penstock::io {

namespace {

namespace json = boost::json;

// One list of the members for both directions.
template <class Head, class F>
void for_each_map_number(Head& h, F&& f) {
  f("generation", h.generation);
  f("retry_below", h.retry_below);
  f("replaced_rows", h.replaced_rows);
  f("replaced_bytes", h.replaced_bytes);
  f("replaced_checksum", h.replaced_checksum);
  f("kept", h.changes.kept);
  f("mended", h.changes.mended);
  f("added", h.changes.added);
  f("removed", h.changes.removed);
  f("rows", h.rows);
}

template <class Head, class F>
void for_each_map_flag(Head& h, F&& f) {
  f("sampled", h.sampled);
  f("partial", h.partial);
  f("replacing", h.replacing);
  f("retrying", h.retrying);
}

} // namespace

std::string encode_map_head(const map_head& head) {
  journal_head begun;
  begun.identity = head.identity;
  begun.checkpoint = head.checkpoint;
  begun.complete = head.complete;
  json::object o{{"begun", encode_head(begun)}, {"documents", head.documents}};
  for_each_map_number(head, [&](const char* name, uint64_t number) { o[name] = number; });
  for_each_map_flag(head, [&](const char* name, bool flag) { o[name] = flag; });
  return json::serialize(o);
}

std::optional<map_head> decode_map_head(std::string_view text) {
  json::parse_options rules;
  rules.allow_invalid_utf8 = true; // Paths need not be UTF-8.
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec, {}, rules);
  const auto* o = ec ? nullptr : value.if_object();
  const auto* begun = o ? o->if_contains("begun") : nullptr;
  const auto* documents = o ? o->if_contains("documents") : nullptr;
  if (!begun || !begun->is_string() || !documents || !documents->is_string())
    return std::nullopt;
  auto base = decode_head(begun->get_string());
  if (!base)
    return std::nullopt;
  map_head head;
  head.identity = std::move(base->identity);
  head.checkpoint = std::move(base->checkpoint);
  head.complete = base->complete;
  head.documents = std::string{documents->get_string()};
  bool whole = true;
  for_each_map_number(head, [&](const char* name, auto& to) {
    const auto* v = o->if_contains(name);
    boost::system::error_code bad;
    to = v ? v->to_number<std::decay_t<decltype(to)>>(bad) : 0;
    whole &= v && !bad;
  });
  for_each_map_flag(head, [&](const char* name, bool& to) {
    const auto* v = o->if_contains(name);
    whole &= v && v->is_bool();
    to = v && v->is_bool() && v->get_bool();
  });
  return whole ? std::optional{std::move(head)} : std::nullopt;
}

} // namespace penstock::io
