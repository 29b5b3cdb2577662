#include "core/io/file/journal_head.hpp"

#include <boost/json.hpp>

namespace penstock::io {

namespace json = boost::json;

namespace {

// The list of members, for reading and writing.
template <class Head, class F>
void for_each_number(Head& h, F&& f) {
  auto& at = h.checkpoint;
  f("output_bytes", at.output_bytes);
  f("output_lines", at.output_lines);
  f("output_checksum", at.output_checksum);
  f("completed", at.totals.completed);
  f("failed", at.totals.failed);
  f("cancelled", at.totals.cancelled);
  f("expired", at.totals.expired);
  f("cached", at.totals.cached);
  f("attempts", at.totals.attempts);
  f("rate_limited", at.totals.rate_limited);
  f("input_tokens", at.totals.input_tokens);
  f("cached_input_tokens", at.totals.cached_input_tokens);
  f("output_tokens", at.totals.output_tokens);
  f("reasoning_tokens", at.totals.reasoning_tokens);
  f("upstream_ms", at.totals.upstream_ms);
  f("cost_nanodollars", at.totals.cost_nanodollars);
  f("read_requests", h.input_read.requests);
  f("read_checksum", h.input_read.checksum);
}

template <class Mark, class F>
void for_each_of_rebuild(Mark& m, F&& f) {
  f("number", m.number);
  f("requests", m.requests);
  f("kept_bytes", m.kept_bytes);
  f("kept_checksum", m.kept_checksum);
  f("kept", m.counts.kept);
  f("again", m.counts.again);
  f("changed", m.counts.changed);
  f("added", m.counts.added);
  f("removed", m.counts.removed);
}

template <class Head, class F>
void for_each_text(Head& h, F&& f) {
  f("input_path", h.identity.input_path);
  f("input_hash", h.identity.input_hash);
  f("settings", h.identity.settings);
}

} // namespace

std::string encode_head(const journal_head& head) {
  json::object o;
  // A path need not be UTF-8. Boost.JSON writes and reads its bytes unchanged.
  for_each_text(head, [&](const char* name, const std::string& text) { o[name] = text; });
  for_each_number(head, [&](const char* name, uint64_t number) { o[name] = number; });
  if (!head.checkpoint.note.empty())
    o["note"] = head.checkpoint.note;
  o["complete"] = head.complete;
  if (head.rebuild.number > 0) {
    auto& rebuild = o["rebuild"].emplace_object();
    for_each_of_rebuild(head.rebuild,
                        [&](const char* name, uint64_t number) { rebuild[name] = number; });
    rebuild["whole"] = head.rebuild.whole;
  }
  return json::serialize(o);
}

std::optional<journal_head> decode_head(std::string_view text) {
  json::parse_options rules;
  rules.allow_invalid_utf8 = true;
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec, {}, rules);
  if (ec || !value.is_object())
    return std::nullopt;
  auto& o = value.get_object();
  journal_head head;
  bool whole = true;
  for_each_text(head, [&](const char* name, std::string& to) {
    auto* v = o.if_contains(name);
    whole &= v && v->is_string();
    if (v && v->is_string())
      to.assign(v->get_string().data(), v->get_string().size());
  });
  const auto number_of = [&](const json::object& from, const char* name, uint64_t& to) {
    auto* v = from.if_contains(name);
    boost::system::error_code bad;
    to = v ? v->to_number<uint64_t>(bad) : 0;
    whole &= v && !bad;
  };
  for_each_number(head, [&](const char* name, uint64_t& to) { number_of(o, name, to); });
  if (auto* rebuild = o.if_contains("rebuild")) {
    auto* mark = rebuild->if_object();
    auto* is_whole = mark ? mark->if_contains("whole") : nullptr;
    if (!is_whole || !is_whole->is_bool())
      return std::nullopt;
    for_each_of_rebuild(head.rebuild,
                        [&](const char* name, uint64_t& to) { number_of(*mark, name, to); });
    head.rebuild.whole = is_whole->get_bool();
  }
  if (auto* note = o.if_contains("note"); note && note->is_string())
    head.checkpoint.note = std::string{note->get_string()};
  auto* complete = o.if_contains("complete");
  whole &= complete && complete->is_bool();
  if (!whole)
    return std::nullopt;
  head.complete = complete->get_bool();
  return head;
}

} // namespace penstock::io
